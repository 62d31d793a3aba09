"""Contacts that were made, by us or by others, and the notices among them that the law asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shared.clock import is_zone, local_day

# What came of a contact in which a notice went out; one that bounced was not given.
_GIVEN = frozenset({"sent", "delivered", "conversation"})
_VALIDATION = frozenset({"validation", "validation-notice"})


@dataclass(frozen=True)
class PastContact:
    """A contact that was made, by us or by somebody before us."""

    account_ids: tuple[str, ...]
    at: datetime
    channel: str
    outcome: str
    more: Mapping[str, Any] = field(default_factory=dict)  # further members of an imported one
    is_own: bool = False  # a message of ours
    is_answer: bool = False  # the debtor has asked for it: no attempt to reach anybody


def account_day(at: datetime, zone_name: str) -> date:
    """The day in the zone in which an account is kept."""
    return local_day(at, zone_name if is_zone(zone_name) else "UTC")


def notices_of(
    account_id: str,
    invoice_id: str,
    history: Iterable[PastContact],
    zone_name: str,
    at: datetime,
) -> list[dict[str, Any]]:
    """The notices given of an invoice by an instant, each once, the first ones first. One that
    names no invoices was about the whole account."""
    found = {
        (account_day(past.at, zone_name), past.more["notice"], past.channel)
        for past in history
        if past.more.get("notice")
        and past.at <= at
        and past.outcome in _GIVEN
        and past.more.get("initiated_by") != "debtor"
        and account_id in past.account_ids
        and invoice_id in past.more.get("about", (invoice_id,))
    }
    return [{"kind": kind, "sent_on": day, "by": channel} for day, kind, channel in sorted(found)]


def latest_validation(notices: Sequence[Mapping[str, Any]]) -> date | None:
    """The day of the last validation notice: what runs from it ends latest."""
    days = [n["sent_on"] for n in notices if _plain(n["kind"]) in _VALIDATION]
    return max(days, default=None)


def _plain(kind: str) -> str:
    """A kind however it is written: Validation notice, validation_notice."""
    return kind.strip().casefold().replace("_", "-").replace(" ", "-")
