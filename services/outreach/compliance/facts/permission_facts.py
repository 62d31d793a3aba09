"""Facts of permissions: consents and opt-outs as they stand at an instant."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.facts import permissions
from services.outreach.compliance.facts.situation import CALLED, Changing, Situation


def _number_consent(facts: Situation, debt: int, at: datetime) -> Any:
    """Consent for the number as it stands: the phone's own or one on file, none once revoked."""
    if facts.channel not in CALLED:
        return None
    question, label = facts.question, facts.label(debt)
    kind = permissions.KIND_OF[facts.channel]
    own = facts.of_phones("consent")
    own = "none" if own is None else own  # null says what "none" says
    written = permissions.is_consented(question, kind, label, at, permissions.in_writing)
    on_file = permissions.is_consented(question, kind, label, at, permissions.anyone)
    opted_out = permissions.is_opted_out(question, label, at)
    if opted_out:
        return "none"
    if own == "none" and not on_file:
        return "none" if on_file is not UNSET else UNSET
    found: Any = UNSET
    if own == "written" or written:
        found = "written"
    elif own == "express" or on_file:
        found = "express"
    return UNSET if opted_out is UNSET else found


def _consent(kind: str | None, fits: permissions.Fits) -> Changing:
    return lambda facts, debt, at: permissions.is_consented(
        facts.question, kind, facts.label(debt), at, fits
    )


def _latest(kind: str) -> Changing:
    return lambda facts, debt, at: permissions.latest(facts.question, kind, facts.label(debt), at)


def _consents() -> dict[str, Changing]:
    """Consents on file in their shapes: any, to the collector, in writing, by what they cover."""
    found = {"consent.extra_calls": _consent("extra_calls", permissions.anyone)}
    for kind in ("voice", "sms", "email"):
        found[f"consent.{kind}"] = _consent(kind, permissions.anyone)
        found[f"consent.{kind}.collector"] = _consent(kind, permissions.to_collector)
        found[f"consent.{kind}.written"] = _consent(kind, permissions.in_writing)
        found[f"consent.{kind}.collector_at"] = _latest(kind)
    for what in ("time", "place", "attorney", "work"):
        found[f"consent.{what}"] = _consent(None, permissions.covering(what))
    return found


CHANGING: dict[str, Changing] = {
    "channel.opted_out_elsewhere": lambda facts, _debt, at: permissions.is_opted_out_elsewhere(
        facts.question, at
    ),
    "number.consent": _number_consent,
    "debt.opted_out": lambda facts, debt, at: permissions.is_opted_out(
        facts.question, facts.label(debt), at
    ),
    "contact.is_reply": lambda facts, _debt, at: (
        facts.is_reply(at) if facts.history_known else UNSET
    ),
    **_consents(),
}
