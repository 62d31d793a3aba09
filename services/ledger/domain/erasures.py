"""Erasure of an account's personal data: why not yet, and what its certificate says."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from services.ledger.domain.agreements import AccountErased
from services.ledger.domain.approvals import ApprovalRequest, approval_of
from services.ledger.domain.holds import NOUN as HOLD
from services.ledger.domain.holds import Hold
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken

NOUN = "erasure"

Standing = Literal[
    "owed", "recoverable", "unapplied", "dispute", "arrangement", "placement", "hold"
]


class Erased(Struct, frozen=True):
    what: str
    count: int


class Kept(Struct, frozen=True):
    what: str
    why: str
    until_on: date | None = None


class Certificate(Struct, frozen=True, kw_only=True):
    """What was erased of an account, and what is kept, and why."""

    certificate_id: str
    account_id: str
    because: Literal["request", "retention"]
    erased_on: date
    stood: tuple[str, ...]  # what stood all the same: an approval let it be erased
    erased: tuple[Erased, ...]
    kept: tuple[Kept, ...]


def still_needed(state: AccountState) -> list[Standing]:
    """Why an account's personal data must be kept; nothing: it need not be."""
    because: list[Standing] = []
    sums = list(state.currencies.values())
    if any(of.balance_minor or of.counted.get("charges_minor") for of in sums):
        because.append("owed")
    if any(of.counted.get("recoverable_minor") for of in sums):
        because.append("recoverable")
    if any(of.unapplied_cash_minor or of.unapplied_credit_minor for of in sums):
        because.append("unapplied")
    is_disputed = any(
        invoice.disputes and invoice.voided_at is None for invoice in state.invoices.values()
    )
    if is_disputed or any(of.counted.get("disputed_charges_minor") for of in sums):
        because.append("dispute")
    out = {name.partition(" ")[0] for name in taken(state).values()}
    if out - {"placement"}:
        because.append("arrangement")
    if "placement" in out:
        because.append("placement")
    holds = state.objects.of(HOLD).values()
    if any(isinstance(hold, Hold) and hold.state == "placed" for hold in holds):
        because.append("hold")
    return because


def open_request(state: AccountState) -> ApprovalRequest | None:
    """The erasure that waits for a decision."""
    for asked in requests(state):
        if asked.state == "open":
            return asked
    return None


def requests(state: AccountState) -> list[ApprovalRequest]:
    """Every erasure of the account that needed a decision, in the order of asking."""
    found: list[ApprovalRequest] = []
    while (known := approval_of(state, f"{NOUN}:{request_id(state, len(found))}")) is not None:
        found.append(known)
    return found


def request_id(state: AccountState, earlier: int) -> str:
    """What is asked for after so many others: an account's id has no slash."""
    return f"{state.account_id}/{earlier + 1}" if earlier else state.account_id


_KEPT = (
    Kept("ids, kinds, codes, amounts and days of all facts", "the books must show them"),
    Kept("journal", "it is append-only; nothing in it is personal"),
    Kept("number and product of invoices", "they are parts of the books"),
    Kept("debtor_id", "it tells whose accounts belong together, and names nobody"),
    Kept("timezone and country", "by them days, calendars and laws are told"),
    Kept("kind, currency, terms, limit and customer_since", "figures are split by them"),
    Kept("who decided", "it names our people, not the debtor"),
)


def certificate_of(account_id: str, fact: AccountErased, erased: Mapping[str, int]) -> Certificate:
    return Certificate(
        certificate_id=fact.certificate_id,
        account_id=account_id,
        because=fact.because,
        erased_on=fact.erased_on,
        stood=fact.stood,
        erased=tuple([Erased(what, count) for what, count in sorted(erased.items()) if count]),
        kept=_KEPT,
    )
