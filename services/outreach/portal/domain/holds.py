"""Holds under which a visitor is asked for nothing: papers, the reason and whom to write to remain.
Known from the ledger, and from what the person or their family told us."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

# Strictest first.
KINDS = ("deceased", "bankruptcy", "attorney", "breathing-space", "cease", "fraud")
NEVER_PAID = frozenset({"bankruptcy"})  # a payment could be taken back from who got it


def hold_of(holds: Iterable[Mapping[str, Any]], wishes: Mapping[str, Any], on: date) -> str | None:
    """The strictest that stands on a day."""
    kinds = {
        str(hold.get("kind"))
        for hold in holds
        if hold.get("state", "placed") == "placed" and _holds_on(hold, on)
    } | _told(wishes, on)
    return next((kind for kind in KINDS if kind in kinds), None)


def _holds_on(hold: Mapping[str, Any], on: date) -> bool:
    begins, ends = _day(hold.get("from_on")), _day(hold.get("until_on"))
    return (begins is None or begins <= on) and (ends is None or on <= ends)


def _told(wishes: Mapping[str, Any], on: date) -> set[str]:
    found = set()
    if wishes.get("deceased"):
        found.add("deceased")
    if wishes.get("attorney"):
        found.add("attorney")
    if wishes.get("cease_requested_at"):
        found.add("cease")
    filed, discharged = (
        _instant(wishes.get("bankruptcy_filed_at")),
        _instant(wishes.get("bankruptcy_discharged_at")),
    )
    if filed is not None and (discharged is None or discharged < filed):
        found.add("bankruptcy")
    begins, ended = (
        _day(wishes.get("breathing_space_from")),
        _day(wishes.get("breathing_space_ended_on")),
    )
    if begins is not None and begins <= on and (ended is None or ended < begins or on < ended):
        found.add("breathing-space")
    return found


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(value[:10]) if isinstance(value, str) else None


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value) if isinstance(value, str) else None
