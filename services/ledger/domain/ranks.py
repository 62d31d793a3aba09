"""Where facts of one instant stand: the order of ranks, and of boundaries among themselves."""

from enum import IntEnum


class Rank(IntEnum):
    """Of a fact. A boundary (a stage, a judgement, a charge of a day) comes before every fact."""

    BOUNDARY = 0
    INVOICE = 1
    CHARGE_ADDED = 2
    CREDIT_NOTE = 3
    PAYMENT = 4
    FAILURE = 5
    REVERSAL = 6
    DISPUTE_OPENED = 7
    EVIDENCE = 8
    DISPUTE_RESOLVED = 9
    CHARGE_WAIVED = 10
    VOID = 11
    HOLD_PLACED = 12
    HOLD_RELEASED = 13
    PROMISE_MADE = 14
    PROMISE_CANCELLED = 15
    PLAN_AGREED = 16
    PLAN_CANCELLED = 17
    SETTLEMENT_OFFERED = 18
    SETTLEMENT_ACCEPTED = 19
    SETTLEMENT_DECLINED = 20
    WRITE_OFF = 21
    PLACEMENT = 22
    ERASURE_ASKED = 23
    APPROVAL_DECIDED = 24
    WRITE_OFF_REVERSED = 25
    RECALL = 26
    # Those that act at no place: what they say holds for the whole history.
    AMENDMENT = 27
    REGISTRATION = 28
    UPDATE = 29
    AGENCY_REMITTED = 30
    DISCLOSURE = 31
    DISCLOSURE_FAILED = 32
    SALE_PAID = 33
    ERASED = 34


class Turn(IntEnum):
    """Of a boundary among those of one instant."""

    CHARGE = 1
    APPROVAL_EXPIRED = 2
    OFFER_LAPSED = 3
    INSTALMENT = 4
    ARRANGEMENT = 5  # a plan or a settlement as a whole
    PROMISE = 6
    OTHER = 7  # deadlines, ends of holds and placements
    SMALL_BALANCE = 8
