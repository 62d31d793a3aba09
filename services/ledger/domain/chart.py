"""The chart of accounts, and which of them each kind of fact may move.

`JOURNAL` is the one table: an entry that posts elsewhere is a failed assertion, whoever makes it.
An entry is the difference that a fact made to an account's totals, and a fact of the past lets
what follows act again. So most kinds may move whatever follows from facts by itself; what comes
from outside (billed amounts, money, a buyer's price) only the kinds that bring it.

A boundary's entry has its event's type: `fee-charged`. A new kind of fact is a line here.
"""

from collections.abc import Iterable, Mapping

RECEIVABLE = "receivable"
CHARGES_RECEIVABLE = "charges-receivable"
CASH = "cash"
UNAPPLIED_CASH = "unapplied-cash"
UNAPPLIED_CREDIT = "unapplied-credit"
REVENUE_CLEARING = "revenue-clearing"
FEE_INCOME = "fee-income"
COST_RECOVERY = "cost-recovery"
INTEREST_INCOME = "interest-income"
CHARGES_WAIVED = "charges-waived"
DISCOUNTS = "discounts"
SETTLEMENT_CONCESSION = "settlement-concession"
BAD_DEBT = "bad-debt"
RECOVERIES = "recoveries"
AGENCY_COMMISSION = "agency-commission"
AGENCY_PAYABLE = "agency-payable"
SUSPENSE = "suspense"

JUDGEMENT = "judgement"  # the kind of fact in the entry of a boundary without an event of its own

_NOTHING: frozenset[str] = frozenset()

# Money that moves by itself between what is owed and what is unapplied, and the commission on what
# an agency collected: it follows from where the money lies (and is withheld from it).
_COMMISSION = frozenset({CASH, AGENCY_COMMISSION, AGENCY_PAYABLE})
_MOVED = frozenset({RECEIVABLE, CHARGES_RECEIVABLE, UNAPPLIED_CASH, UNAPPLIED_CREDIT}) | _COMMISSION

# What may have to be said anew because a fact of the past came, or comes about by any fact: charges
# and their waivers, discounts, concessions, write-offs and recoveries.
_INCOMES = frozenset({FEE_INCOME, COST_RECOVERY, INTEREST_INCOME, CHARGES_WAIVED})
_LOSSES = frozenset({DISCOUNTS, SETTLEMENT_CONCESSION, BAD_DEBT, RECOVERIES})
_FOLLOWS = _MOVED | _INCOMES | _LOSSES
_BILLED = _FOLLOWS | {REVENUE_CLEARING}
_SOLD = _FOLLOWS | {SUSPENSE}
# At the end of an account's history money goes where it is due now, and interest of what it is put
# on, or taken off, is posted just before.
_AT_THE_HEAD = _MOVED | _LOSSES | _INCOMES

JOURNAL: Mapping[str, frozenset[str]] = {
    # From billing platforms
    "account-registered": _BILLED,  # all that came before it acts
    "account-updated": _FOLLOWS,  # in another zone, or of another kind
    "invoice-issued": _BILLED,
    "invoice-amended": _FOLLOWS,
    "invoice-voided": _BILLED,
    "credit-note-issued": _BILLED,
    "payment-received": _FOLLOWS,
    "payment-failed": _NOTHING,
    "payment-reversed": _FOLLOWS,
    "dispute-opened": _BILLED,  # its resolution may have waited for it
    "dispute-resolved": _BILLED,
    # From commands
    "promise-made": _NOTHING,
    "promise-cancelled": _NOTHING,
    "plan-agreed": _FOLLOWS,
    "plan-cancelled": _FOLLOWS,
    "settlement-offered": _FOLLOWS,
    "settlement-accepted": _FOLLOWS,
    "settlement-declined": _FOLLOWS,
    "evidence-added": _NOTHING,
    "hold-placed": _FOLLOWS,
    "hold-released": _FOLLOWS,
    "account-written-off": _SOLD,  # also of small balances, by a boundary
    "write-off-reversed": _SOLD,
    "sale-paid": frozenset({CASH, SUSPENSE}),
    "account-placed": _FOLLOWS,
    "account-recalled": _FOLLOWS,
    "agency-remitted": _FOLLOWS,
    "approval-decided": _SOLD,
    "charge-added": _FOLLOWS,
    "charge-waived": _FOLLOWS,
    "disclosure-made": _FOLLOWS,
    "disclosure-failed": _FOLLOWS,
    "erasure-asked": _NOTHING,
    "account-erased": _NOTHING,
    "rates-restated": _SOLD,  # begun days have other rates: all acts again
    # Boundaries: what a day brings by itself
    JUDGEMENT: _SOLD,  # facts dated after it that are known act again behind it
    "fee-charged": _AT_THE_HEAD,
    "interest-charged": _AT_THE_HEAD,
    "discount-granted": _MOVED | {DISCOUNTS, RECOVERIES},
    "discount-revoked": _MOVED | {DISCOUNTS, RECOVERIES},
    "plan-defaulted": _AT_THE_HEAD,
    "settlement-completed": _AT_THE_HEAD,
    "settlement-lapsed": _AT_THE_HEAD,
    "hold-expired": _AT_THE_HEAD,
    "approval-expired": _AT_THE_HEAD,
    "commission-due": _COMMISSION,
}

# Kinds that bring money in or take it back. Where another moves `cash`, that is commission which
# is withheld or no longer is, and `agency-commission` (or what we owe of it) says as much.
BRINGS_CASH = frozenset({"payment-received", "payment-reversed", "sale-paid"})


def misposted(fact_kind: str, postings: Iterable[tuple[str, int]]) -> str | None:
    """What is wrong with an entry of a kind, in words; None: nothing."""
    allowed = JOURNAL.get(fact_kind)
    if allowed is None:
        return f"no line of JOURNAL says what {fact_kind} may post"
    total = commission = 0
    moves_cash = False
    for account, amount in postings:
        if account not in allowed:
            return f"{fact_kind} does not move {account}"
        total += amount
        if account in _COMMISSION:
            commission += amount
            moves_cash = moves_cash or account == CASH
    if total:
        return f"the postings of {fact_kind} sum to {total}"
    if moves_cash and commission and fact_kind not in BRINGS_CASH:
        return f"{fact_kind} moves cash by {commission} beyond commission"
    return None
