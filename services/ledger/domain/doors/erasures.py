"""The door of erasure: who may ask, and what stands in its way."""

from uuid import NAMESPACE_URL, uuid5

from services.ledger.domain.agreements import AccountErased, Approval, ErasureAsked, Role
from services.ledger.domain.doors import Asking, Resolved
from services.ledger.domain.erasures import open_request, request_id, requests, still_needed
from services.ledger.domain.policies.retention import RetentionPolicy
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.errors import Conflict, Forbidden

ROLE: Role = "compliance"
_APPROVAL_BUSINESS_DAYS = 10


class StillNeeded(Conflict):
    """Something stands of the account: its personal data is needed."""

    title = "Still needed"


def erase(state: AccountState, override: bool, reason: str, asking: Asking) -> Resolved:
    """At once where nothing stands; else, with `override`, once somebody else of the role decides.

    Raises `Forbidden`, `StillNeeded`.
    """
    if ROLE not in asking.roles:
        raise Forbidden(f"This needs the role {ROLE}.")
    if state.timeless.erased_at is not None:
        return Resolved(())
    if (because := still_needed(state)) == []:
        return Resolved((_erased(state, "request", (), reason, asking),))
    if not override:
        detail = f"Something stands of account {state.account_id}: {', '.join(because)}."
        raise StillNeeded(detail, (), {"because": because})
    if open_request(state) is not None:
        return Resolved(())  # it waits already
    fact = ErasureAsked(
        **asking.common(state.account_id),
        erasure_id=request_id(state, len(requests(state))),
        because=tuple(because),
        approval=Approval(ROLE, asking.grace(asking.on, _APPROVAL_BUSINESS_DAYS)),
        reason=reason,
    )
    return Resolved((fact,))


def erase_approved(state: AccountState, asking: Asking) -> AccountErased:
    """What an approval of an erasure comes to."""
    return _erased(state, "request", tuple(still_needed(state)), "", asking)


def retain(state: AccountState, asking: Asking) -> Resolved:
    """Erased by itself where nothing stands and nothing happened for so many months; else
    nothing."""
    policy: RetentionPolicy = asking.policies["retention"]
    if state.timeless.erased_at is not None or still_needed(state):
        return Resolved(())
    last = max((fact.time or fact.recordedtime for fact in state.facts), default=None)
    if last is None or local_day(last, state.zone) >= policy.kept_from(asking.on):
        return Resolved(())
    return Resolved((_erased(state, "retention", (), "", asking),))


def _erased(
    state: AccountState, because: str, stood: tuple[str, ...], reason: str, asking: Asking
) -> AccountErased:
    name = "\n".join((state.account_id, asking.at.isoformat(), asking.request_hash or because))
    return AccountErased(
        **asking.common(state.account_id),
        certificate_id=str(uuid5(NAMESPACE_URL, f"urn:recoup:erasure\n{name}")),
        because=because,  # type: ignore[arg-type]
        stood=stood,
        erased_on=asking.on,
        reason=reason,
    )
