"""What the contact rules have made of a contact so far, as it is shown."""

from msgspec import Struct

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.domain.decisions import Decision, Effect, Reason


class ContactVerdict(Struct, frozen=True):
    """What has been decided of a contact so far, and by which rules."""

    verdict: Effect
    decided_by: tuple[Reason, ...] = ()


def verdict_of(contact: DebtorContact) -> ContactVerdict | None:
    """What the rules made of a contact; None: it has not been tried yet."""
    decision = contact.decision
    if contact.state in ("suppressed", "cancelled"):
        if decision is not None and decision.is_refusal and _names(decision, contact.because):
            return ContactVerdict(decision.verdict, decision.decided_by)
        return ContactVerdict("block", (Reason(contact.because or "", "block", None),))
    if contact.state not in ("planned", "held", "claimed"):
        is_allowed = decision is not None and decision.verdict == "allow"
        return ContactVerdict("allow", decision.decided_by if decision and is_allowed else ())
    if decision is not None and decision.is_refusal:
        return ContactVerdict(decision.verdict, decision.decided_by)
    if not contact.rules:
        return None
    if decision is not None and decision.verdict == "defer" and _names(decision, contact.rules[-1]):
        return ContactVerdict("defer", decision.decided_by)
    last = len(contact.rules) - 1
    return ContactVerdict(
        "defer",
        tuple(
            Reason(rule, "defer", contact.until if place == last else None)
            for place, rule in enumerate(contact.rules)
        ),
    )


def _names(decision: Decision, rule: str | None) -> bool:
    return any(reason.rule == rule for reason in decision.decided_by)
