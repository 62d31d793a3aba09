"""A file's rows as a demo's facts, through the ledger's own importer."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.demo.acts import Answer, Request, Spoken
from deploy.demo.received import Received
from deploy.demo.source import BillingEvent
from shared.csv_events.aims import aim_all
from shared.csv_events.mapping import MappingFile, read_mapping
from shared.csv_events.rows import Made, Refusal, read_events
from shared.errors import Invalid

TENANT = "demo"
_REGISTRATION = "account-registered"
_ONE_DAY = timedelta(days=1)
_REASONS_SHOWN = 20


class Replay:
    """Every event of the file at its own instant, an account before its first fact."""

    def __init__(self, path: Path, mapping: Path, days: int | None) -> None:
        """Raises `Invalid` where nothing can be made of the file."""
        self.policies: Sequence[dict[str, Any]] = []  # its amounts are what they are
        self.planned_in: str | None = None
        self.refused: list[str] = []
        events = self._read(path, read_mapping(mapping))
        if not events:
            raise Invalid("\n  ".join(self._nothing(path)))
        self._events = _in_order(events)
        self._next = 0
        self.first_day: date = self._events[0][0].date()
        span = (self._events[-1][0].date() - self.first_day).days + 1
        self.days = min(days or span, span)
        self.accounts = len({event["subject"] for event in events})

    def _read(self, path: Path, mapping: MappingFile) -> list[BillingEvent]:
        events: list[Made] = []
        for row in read_events(path, mapping, TENANT):
            if isinstance(row, Refusal):
                self.refused.append(str(row))
            elif isinstance(row, list):
                events += row
        return [made.event for made in aim_all(events)]

    def _nothing(self, path: Path) -> list[str]:
        """Why nothing could be taken."""
        shown, rest = self.refused[:_REASONS_SHOWN], len(self.refused) - _REASONS_SHOWN
        if not shown:
            return [f"{path.name} holds no row of which the mapping makes an event"]
        more = [f"… and {rest} more"] if rest > 0 else []
        return [f"{path.name} holds no row that could be taken:", *shown, *more]

    def until(self, instant: datetime) -> list[BillingEvent]:
        start = self._next
        while self._next < len(self._events) and self._events[self._next][0] < instant:
            self._next += 1
        return [event for _, event in self._events[start : self._next]]

    def requests(self) -> list[Request]:
        return []  # the file says what happened

    def answered(self, request: Request, shown: dict[str, Any] | None) -> None:
        raise AssertionError("nothing was asked")

    # What a file's debtors did stands in the file: they answer nothing.

    def answers(self) -> list[Answer]:
        return []

    def received(self, messages: Sequence[Received], at: datetime) -> None:
        pass

    def letter(self, account_id: str, message: Received, at: datetime) -> None:
        pass

    def spoken(self, account_id: str, at: datetime) -> Spoken | None:
        return None

    def agrees(self, account_id: str, at: datetime) -> Spoken | None:
        return None

    def found(self, account_id: str, at: datetime) -> None:
        pass


def _in_order(events: Sequence[BillingEvent]) -> list[tuple[datetime, BillingEvent]]:
    instants = [_instant(event) for event in events]
    facts = [e["type"] != _REGISTRATION for e in events]
    first: dict[str, datetime] = {}
    for event, instant, is_fact in zip(events, instants, facts, strict=True):
        if is_fact:
            account = event["subject"]
            first[account] = min(instant, first.get(account, instant))
    start = min(first.values(), default=min(instants))
    placed = [
        # A registration is fed with the first fact that needs it, whatever day the file gives it.
        (instant if is_fact else first.get(event["subject"], start), is_fact, place, event)
        for place, (event, instant, is_fact) in enumerate(zip(events, instants, facts, strict=True))
    ]
    return [(at, event) for at, _, _, event in sorted(placed, key=lambda p: p[:3])]


def _instant(event: BillingEvent) -> datetime:
    data = event["data"]
    moments = (data.get("received_at"), data.get("failed_at"), data.get("reversed_at"))
    text = next((moment for moment in moments if moment), event["time"])
    return datetime.fromisoformat(text).astimezone(UTC)
