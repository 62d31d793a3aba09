"""Metrics in memory: the domain alone, with the store's sums made in plain Python.

What `services/metrics/store` does in SQL is done here over a dict, so that thousands of random
histories can be asked in seconds; the integration tests hold both against each other.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from services.metrics.api.questions import business_day
from services.metrics.consumer import HANDLERS
from services.metrics.domain.answers import Question, Rows, answer
from services.metrics.domain.cells import (
    ContactCell,
    ContactCells,
    MoneyCell,
    MoneyCells,
    add,
    merge,
)
from services.metrics.domain.figures import AGES, EPOCH, Aged, Key, Late, Sums
from services.metrics.domain.fold import AccountItems
from services.metrics.domain.items import SLOT_SECONDS, Account, slot_of
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.restate import measure
from services.metrics.domain.windows import Window
from services.metrics.store.figures import UNTIL_NOW, Tenant
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
        self.money: dict[int, MoneyCells] = defaultdict(dict)
        self.contacts: dict[int, ContactCells] = defaultdict(dict)
        self.currencies: dict[str, int] = {}
        self.latest_slot = 0

    def take(self, events: Sequence[Received]) -> None:
        """Fold one batch."""
        for event in events:
            items = self.accounts.setdefault(event.key, AccountItems(Account([], [])))
            HANDLERS[event.type].apply(items, event, event.decode())
            self.latest_slot = max(self.latest_slot, slot_of(event.recordedtime))
        for key in dict.fromkeys(event.key for event in events):
            self._restate(self.accounts[key])

    def _restate(self, items: AccountItems) -> None:
        measured = measure(items)
        for slot, money in measured.money.items():
            merge(self.money[slot], money)
        for slot, contacts in measured.contacts.items():
            merge(self.contacts[slot], contacts)
        for currency, slot in items.currencies().items():
            self.currencies[currency] = min(slot, self.currencies.get(currency, slot))
        for item in items.by_key.values():
            item.folded, item.is_changed = len(item.facts), False
        account = items.account
        account.folded = (len(account.profiles), len(account.segments))

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
        currencies = sorted(c for c, slot in self.currencies.items() if slot < recorded_before)
        currency = question.currency or (currencies[0] if len(currencies) == 1 else None)
        if kpi.over == "trailing":
            question = replace(question, begins_on=self._first_days(recorded_before))
        return answer(question, self._rows(question, currency, recorded_before), currencies)

    def _rows(self, question: Question, currency: str | None, recorded_before: int) -> Rows:
        kpi = question.kpi
        bounds = question.slices.bounds
        ages = AGES if question.splits_by("bucket") else kpi.ages
        sums: dict[Any, Any] = {}
        aged: dict[Any, Any] = {}
        late: dict[Any, Any] = {}
        for cell, (amount, count, weight) in self._cells(question, recorded_before):
            if not kpi.is_money:
                key, measure, day = _contact_key(question, cell), cell.result, cell.day
                if day >= bounds[0] and day < bounds[-1] and measure in kpi.contacts:
                    add(sums, (key, measure, bisect_right(bounds, day)), 0, count)
                continue
            measure, money, day, until = cell.measure, cell.currency, cell.day, cell.until
            if day >= bounds[-1] or currency not in (None, money):
                continue
            key = _money_key(question, cell, currency)
            slice_of = bisect_right(bounds, day)
            if measure in kpi.stocks or (measure in kpi.flows and slice_of):
                add(sums, (key, measure, slice_of), amount, count)
            if measure == question.aged_measure:
                for age in ages:
                    since = max(day, until + timedelta(days=age))
                    if since < bounds[-1]:
                        due = amount * (until - EPOCH).days
                        add(aged, (key, age, bisect_right(bounds, since)), amount, count, due)
            if measure == "late" and kpi.needs_late and slice_of:
                add(late, (key, slice_of, bisect_right(bounds, until)), amount, 0, weight)
        return Rows(
            [Sums(*cell, *sums[:2]) for cell, sums in _found(sums)],
            [Aged(*cell, *sums) for cell, sums in _found(aged)],
            [Late(*cell, *sums[::2]) for cell, sums in _found(late)],
        )

    def _first_days(self, recorded_before: int) -> dict[str, date]:
        counts: dict[tuple[str, date], int] = defaultdict(int)
        for slot, cells in self.money.items():
            for cell, (_, count, _) in cells.items():
                if slot < recorded_before and cell.measure == "invoiced":
                    counts[cell.currency, cell.day] += count
        first: dict[str, date] = {}
        for (currency, day), count in counts.items():
            if count:
                first[currency] = min(day, first.get(currency, day))
        return first

    def _cells(self, question: Question, recorded_before: int) -> list[tuple[Any, Any]]:
        by_slot: dict[int, dict[Any, Any]] = (
            {**self.money} if question.kpi.is_money else {**self.contacts}
        )
        return [
            each
            for slot, cells in by_slot.items()
            if slot < recorded_before
            for each in cells.items()
        ]


def _found(cells: dict[Any, Any]) -> list[Any]:
    """What comes to something."""
    return [each for each in cells.items() if each[1] != (0, 0, 0)]


def _money_key(question: Question, cell: MoneyCell, currency: str | None) -> Key:
    return Key(
        currency=cell.currency if currency is None or question.splits_by("currency") else "",
        kind=cell.kind if question.splits_by("kind") else "",
        country=cell.country if question.splits_by("country") else "",
        segment=cell.segment if question.splits_by("segment") else "",
    )


def _contact_key(question: Question, cell: ContactCell) -> Key:
    names = ("result", "kind", "country", "segment", "channel", "strategy", "rule")
    return Key(**{name: getattr(cell, name) for name in names if question.splits_by(name)})


def at(day: str, hour: int = 0) -> datetime:
    """An instant, UTC."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=hour)
