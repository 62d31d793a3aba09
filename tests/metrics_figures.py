"""Metrics in memory: the domain alone, with the store's sums made in plain Python.

What `services/metrics/store` does in SQL is done here over a dict, so that thousands of random
histories can be asked in seconds; the integration tests hold both against each other.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.answers import answer
from services.metrics.domain.cells import Added, Cell, Cells, merge
from services.metrics.domain.figures import Key, Row
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.questions import Question
from services.metrics.domain.reading import DIMENSIONS, Reading, readings, settled
from services.metrics.domain.restate import measure
from services.metrics.domain.slots import SLOT_SECONDS, UNTIL_NOW, slot_of
from services.metrics.domain.windows import Window
from services.metrics.processes.figures import business_day
from services.metrics.store.figures import Tenant
from shared.clock import day_start
from shared.events import LEDGER, OUTREACH, SEGMENTATION, Received, outreach, segmentation

TENANT = "demo"


def an_event(
    type_: str,
    data: msgspec.Struct,
    *,
    key: str = "C1",
    topic: str = LEDGER,
    sequence: int = 1,
    time: datetime,
    day: date | None = None,
    recordedtime: datetime | None = None,
    tenant: str = TENANT,
) -> Received:
    """An event as a consumer gets it."""
    return Received(
        topic=topic,
        tenant=tenant,
        key=key,
        type=type_,
        id=f"{topic} {key} {sequence}",
        source=f"/recoup/{tenant}/{topic.partition('.')[0]}",
        sequence=sequence,
        time=time,
        day=day or time.date(),
        recordedtime=recordedtime or time,
        data=msgspec.json.encode(data),
    )


def a_segment_changed(
    to: str, *, time: datetime, day: date | None = None, key: str = "C1", **more: Any
) -> Received:
    data = segmentation.SegmentChanged(
        account_id=key,
        from_segment=None,
        to_segment=to,
        arms={},
        priority=1,
        because="test",
        policy_version="1",
    )
    return an_event(
        "segment-changed", data, topic=SEGMENTATION, key=key, time=time, day=day, **more
    )


def a_contact(
    type_: str, contact_id: str, *, time: datetime, key: str = "C1", rule: str = "", **more: Any
) -> Received:
    fields: dict[str, Any] = {
        "contact_id": contact_id,
        "account_id": key,
        "channel": "email",
        "strategy": "consumer",
        "strategy_version": "1",
        "step": "s1",
        "tone": "friendly",
        "covers": (),
    }
    if type_ == "contact-suppressed":
        fields["rule"] = rule
    elif type_ == "contact-planned":
        fields["due_at"] = time
    elif type_ == "contact-sent":
        fields |= {"sent_at": time, "message_id": contact_id}
    elif type_ == "contact-cancelled":
        fields["because"] = "paid"
    elif type_ == "contact-uncertain":
        fields["because"] = "lease"
    elif type_ == "contact-failed":
        fields["reason_code"] = "550"
    data = outreach.TYPES[type_](**fields)
    return an_event(type_, data, topic=OUTREACH, key=key, time=time, **more)


class Memory:
    """The figures of one tenant, kept in dicts."""

    def __init__(self) -> None:
        self.accounts: dict[str, AccountItems] = {}
        self.cells: dict[int, Cells] = defaultdict(dict)  # by moment of knowledge
        self.latest_slot = 0

    def take(self, events: Sequence[Received]) -> None:
        """Fold one batch."""
        touched: dict[str, AccountItems] = {}
        for event in events:
            handler, data = HANDLERS[event.type], event.decode()
            for account_id in handler.accounts_of(event, data):
                items = self.accounts.setdefault(account_id, AccountItems(account_id))
                handler.apply(items, event, data)
                touched[account_id] = items
            self.latest_slot = max(self.latest_slot, slot_of(event.recordedtime))
        for items in touched.values():
            for slot, cells in measure(items).cells.items():
                merge(self.cells[slot], cells)
            items.settle()

    def ask(
        self,
        name: str,
        start: date,
        end: date,
        *,
        zone: str = "UTC",
        as_of: date | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """The answer as the API gives it."""
        kpi = KPIS[name]
        more.setdefault("by", kpi.by[0])
        more.setdefault("today", business_day(Tenant(zone, self.latest_slot, 0)))
        question = Question(kpi, Window(start, end), as_of=as_of, **more)
        recorded_before = UNTIL_NOW
        if as_of is not None:
            end_of_day = day_start(as_of + timedelta(days=1), zone)
            recorded_before = int(end_of_day.timestamp() // SLOT_SECONDS)
        currencies = self._currencies(recorded_before)
        currency = question.currency or (currencies[0] if len(currencies) == 1 else None)
        if kpi.over == "trailing":
            question = replace(question, begins_on=self._first_days(recorded_before))
        return answer(question, self._rows(question, currency, recorded_before), currencies)

    def sums(self, recorded_before: int = UNTIL_NOW) -> Cells:
        """All cells added up, by what was known."""
        cells: Cells = {}
        for slot, added in self.cells.items():
            if slot < recorded_before:
                merge(cells, added)
        return cells

    def _rows(self, question: Question, currency: str | None, recorded_before: int) -> list[Row]:
        rows: dict[tuple[Key, str, str, int, int], Added] = {}
        for cell, added in self.sums(recorded_before).items():
            for reading in readings(question):
                for row in rows_of(question, reading, cell, added, currency):
                    place = (row.key, row.measure, row.mark, row.slice, row.until)
                    rows[place] = rows.get(place, Added()) + row.added
        found = (Row(*row, added) for row, added in rows.items() if added != Added())
        return settled(question, found)

    def _currencies(self, recorded_before: int) -> list[str]:
        """Those of the facts and not of their sums, which may come to nothing."""
        found: set[str] = set()
        for items in self.accounts.values():
            for item in items.by_key.values():
                for fact in item.facts:
                    currency = getattr(fact, "currency", "")
                    if currency and fact.recorded_slot < recorded_before:
                        found.add(currency)
        return sorted(found)

    def _first_days(self, recorded_before: int) -> dict[str, date]:
        first: dict[str, date] = {}
        for cell, added in self.sums(recorded_before).items():
            if cell.measure == "invoiced" and added.count and not cell.cut:
                first[cell.currency] = min(cell.day, first.get(cell.currency, cell.day))
        return first


def rows_of(
    question: Question, reading: Reading, cell: Cell, added: Added, currency: str | None
) -> Iterable[Row]:
    """What a cell adds to the needs of a reading."""
    bounds, until = question.slices.bounds, 0
    if cell.measure not in reading.measures or not counts(question, reading, cell, currency):
        return ()
    slice_ = bisect_right(bounds, cell.day)
    if reading.mode == "standing":
        until = bisect_right(bounds, cell.until)
    elif reading.mode == "cohort":
        if cell.until > question.looked_at:
            return ()
    elif reading.mode == "of_cohort":
        if cell.day > question.looked_at:
            return ()
        slice_ = bisect_right(bounds, cell.until)
    if slice_ > question.slices.count or (reading.mode != "stock" and not slice_):
        return ()
    key = key_of(question, reading, cell, currency)
    mark = cell.currency if reading.is_in_all_currencies else cell.mark
    return reading.rows(key, cell.measure, mark, slice_, until, added)


def counts(question: Question, reading: Reading, cell: Cell, currency: str | None) -> bool:
    """Whether the filters let it through."""
    is_apart = question.kpi.is_money and not reading.is_in_all_currencies
    if is_apart and currency not in (None, cell.currency):
        return False
    arms = f"{question.experiment}/"
    if cell.cut and not (question.asks("arm") and cell.cut.startswith(arms)):
        return False
    for name, values in question.filters.items():
        if name in reading.without or name in ("arm", "bucket"):
            continue
        if getattr(cell, "mark" if name == question.kpi.mark else name) not in values:
            return False
    return True


def key_of(question: Question, reading: Reading, cell: Cell, currency: str | None) -> Key:
    """The group that a cell belongs to."""

    def splits_by(name: str) -> bool:
        return question.splits_by(name) and name not in reading.without

    is_apart = question.splits_by("currency") or currency is None
    is_apart = is_apart and question.kpi.is_money and not reading.is_in_all_currencies
    is_marked = question.kpi.mark is not None and splits_by(question.kpi.mark)
    return Key(
        currency=cell.currency if is_apart else "",
        mark=cell.mark if is_marked else "",
        arm=cell.cut.removeprefix(f"{question.experiment}/"),
        **{name: getattr(cell, name) for name in DIMENSIONS if splits_by(name)},
    )


def at(day: str, hour: int = 0) -> datetime:
    """An instant, UTC."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=hour)
