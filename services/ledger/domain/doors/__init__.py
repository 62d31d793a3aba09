"""What a command may ask of an account, and the facts that it comes to: one module per noun.

promises.py, plans.py, settlements.py (debts.py: for which invoices, and whether they are free),
disputes.py, holds.py, write_offs.py (and sales), placements.py, charges.py (by hand, waived),
approvals.py, erasures.py ·
options.py what may be asked now, by the same rules

A door checks a request against policies and balances and resolves it: invoices, amounts, days, ends
of grace. It changes nothing. What it refuses it refuses as a whole, with every fault:

- `Invalid` (422): the request makes no sense as it stands; each fault with its pointer, and figures
  that would make sense (`most_minor`, `least_minor`, `total_minor`)
- `Conflict` (409): a true request in the wrong state; `because` or `state` says what is in the way
- `Forbidden` (403), `NotFound` (404)
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from msgspec import structs

from services.ledger.domain.agreements import By, CommandFact, Role
from services.ledger.domain.policies import Policy
from services.ledger.domain.policies.conditions import Situation
from services.ledger.domain.requests import PolicyRequest, answer
from services.ledger.domain.state import AccountState
from shared.calendars import business_days_after
from shared.countries import country_code
from shared.errors import AppError, Conflict, FieldError, Forbidden, Invalid


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks, when, and by which policies it is answered."""

    at: datetime  # the instant of the facts
    on: date  # its day in the account's zone
    begun_on: date  # the begun day there
    now: datetime  # business time
    by: By = field(default_factory=By)
    channel: str | None = None
    note: str | None = None
    roles: frozenset[str] = frozenset()
    segment: str | None = None
    calendar: str | None = None
    policies: Mapping[str, Any] = field(default_factory=dict)  # in force on that day, by name
    request_hash: str | None = None

    def grace(self, day: date, business_days: int) -> date:
        """So many business days after a day."""
        return business_days_after(day, business_days, self.calendar)

    def common(self, account_id: str) -> dict[str, Any]:
        """What every fact of a command carries."""
        return {
            "account_id": account_id,
            "by": self.by,
            "channel": self.channel,
            "note": self.note,
            "segment": self.segment,
            "request_hash": self.request_hash,
        }


@dataclass(frozen=True)
class Resolved:
    """The facts that a request comes to, in order; the request as its policy saw it."""

    facts: tuple[CommandFact, ...]
    request: PolicyRequest | None = None


class RequestFaults:
    """Collects what is wrong with a request, so that all of it is said at once."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.members: dict[str, object] = {}

    def add(self, pointer: str, detail: str, **members: object) -> None:
        self.errors.append(FieldError(pointer, detail))
        self.members.update(members)

    def refuse(self, detail: str) -> None:
        """Raise `Invalid` where anything is wrong."""
        if self.errors:
            raise Invalid(detail, self.errors, self.members)


@contextmanager
def asked_of(policy: Policy, request: PolicyRequest) -> Iterator[None]:
    """Let what is refused carry the request, for the dry runs of other policies: they look at it
    alone, so that a refusal for another reason is said to be one."""
    try:
        yield
    except AppError as error:
        by_policy = answer(policy, request) == "refused"
        error.request = structs.replace(  # type: ignore[attr-defined]
            request, answer="refused", is_refused=not by_policy
        )
        raise


def needs_role(asking: Asking, role: Role) -> None:
    """Raises `Forbidden`."""
    if role not in asking.roles:
        raise Forbidden(f"This needs the role {role}.")


def in_the_way(detail: str, because: str, **members: object) -> Conflict:
    """A true request in the wrong state."""
    return Conflict(detail, (), {"because": because, **members})


def situation(
    state: AccountState, asking: Asking, currency: str, invoice_ids: Iterable[str], owed_minor: int
) -> Situation:
    """What a command knows of its account and its debts, for the conditions of a policy."""
    invoices = [state.invoices[known] for known in invoice_ids if known in state.invoices]
    purposes = {invoice.data.purpose for invoice in invoices}
    oldest = min((invoice.due_on for invoice in invoices), default=None)
    profile = state.profile
    return Situation(
        currency=currency,
        amount_minor=owed_minor,
        age_days=(asking.begun_on - oldest).days if oldest is not None else None,
        segment=asking.segment,
        kind=profile.kind if profile is not None else None,
        country=country_of(state),
        purpose=purposes.pop() if len(purposes) == 1 else None,
        tags=profile.tags if profile is not None else (),
    )


def country_of(state: AccountState) -> str | None:
    """The country of the first address that names one."""
    profile = state.profile
    for address in profile.addresses if profile is not None else ():
        if address.country:
            return country_code(address.country)
    return None
