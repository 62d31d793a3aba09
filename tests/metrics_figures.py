"""Metrics in memory: the domain alone, with the store's sums made in plain Python.

What `services/metrics/store` does in SQL is done here over a dict, so that thousands of random
histories can be asked in seconds; the integration tests hold both against each other.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.answers import Figured
from services.metrics.domain.cells import Cells, merge
from services.metrics.domain.counted import delinquent_rows, kept_cells, rolled_of, rows_of_cells
from services.metrics.domain.crossings import hand_over, owners
from services.metrics.domain.cures import Fate, cure_matrix, is_seen, state_of
from services.metrics.domain.delinquencies import Delinquency, rewrite_delinquencies
from services.metrics.domain.experiments.analysis import Analysis
from services.metrics.domain.experiments.enrolments import (
    ArmKey,
    Counted,
    Enrolment,
    Enrolments,
    RunKey,
    RunStarted,
    counts_of,
    names_of,
    replace_rows,
    sums_of,
)
from services.metrics.domain.experiments.sums import ArmSums
from services.metrics.domain.figures import Row
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.questions import Question
from services.metrics.domain.reading import readings, settled
from services.metrics.domain.restate import Views, measure
from services.metrics.domain.rolls import MatrixRow, bucket_on, matrix
from services.metrics.domain.slots import SLOT_SECONDS, UNTIL_NOW, slot_of
from services.metrics.domain.timelines import KnownRow
from services.metrics.domain.windows import Window
from services.metrics.processes.figures import business_day, currencies_of
from services.metrics.store.figures import Tenant
from shared.clock import day_start
from shared.events import LEDGER, OUTREACH, SEGMENTATION, Received, outreach, segmentation
from tests.metrics_rows import rewrite_rows

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
        self.delinquencies: dict[str, list[KnownRow[Delinquency]]] = defaultdict(list)
        self.runs: list[RunStarted] = []
        self.analyses: dict[RunKey, Analysis] = {}
        self.enrolments: dict[str, list[KnownRow[Enrolment]]] = defaultdict(list)
        self.arm_sums: dict[ArmKey, ArmSums] = {}
        self.arm_counts: dict[ArmKey, Counted] = {}
        self.latest_slot = 0

    def take(self, events: Sequence[Received]) -> None:
        """Fold one batch."""
        touched: dict[str, AccountItems] = {}
        reached = self._take_runs(events)
        for account_id in reached:
            touched[account_id] = self.accounts[account_id]
        for event in events:
            if event.type not in HANDLERS:
                continue
            handler, data = HANDLERS[event.type], event.decode()
            for account_id in handler.accounts_of(event, data):
                items = self.accounts.setdefault(account_id, AccountItems(account_id))
                handler.apply(items, event, data)
                touched[account_id] = items
            self.latest_slot = max(self.latest_slot, slot_of(event.recordedtime))
        for items in list(touched.values()):
            for owner, contact_id in list(owners(items)):
                touched[owner] = self.accounts.setdefault(owner, AccountItems(owner))
                hand_over(items, touched[owner], contact_id)
        for items in touched.values():
            views = Views(items.account)
            for slot, cells in measure(items, views).cells.items():
                merge(self.cells[slot], cells)
            rewritten = rewrite_delinquencies(items, views)
            self.delinquencies[items.account_id] = rewrite_rows(
                self.delinquencies[items.account_id], rewritten, lambda row: row.start_on
            )
            self._enrol(items, views, reached.get(items.account_id))
            items.settle()

    def _take_runs(self, events: Sequence[Received]) -> dict[str, int]:
        """Keep the runs that begin; the accounts that they reach, and since when."""
        reached: dict[str, int] = {}
        for event in events:
            if event.type == "experiment-started":
                data, slot = event.decode(), slot_of(event.recordedtime)
                self.runs.append(RunStarted(slot, data.name, data.run, event.time))
                for account, rows in self.enrolments.items():
                    if any(
                        each.row.name == data.name and each.row.named_at >= event.time
                        for each in rows
                    ):
                        reached[account] = min(slot, reached.get(account, slot))
        return reached

    def _enrol(self, items: AccountItems, views: Views, reached_since: int | None) -> None:
        if not names_of(items):
            return
        enrolments = Enrolments(items, views, self.runs, self.analyses)
        moments, _ = enrolments.moments(reached_since)
        if not moments:
            return
        stored = self.enrolments[items.account_id]
        old = [each for each in stored if each.known_until >= moments[0]]
        new = replace_rows(old, enrolments, moments)
        self.enrolments[items.account_id] = [each for each in stored if each not in old] + new
        for sign, rows in ((-1, old), (1, new)):
            for key, sums in sums_of(rows, sign).items():
                self.arm_sums[key] = self.arm_sums.get(key, ArmSums()).plus(sums)
            for key, counts in counts_of(rows, sign).items():
                self.arm_counts[key] = self.arm_counts.get(key, Counted()).plus(counts)

    def arms(
        self, name: str, run: int, metric: str, at: date, currency: str = "",
        recorded_before: int = UNTIL_NOW,
    ) -> dict[str, ArmSums]:  # fmt: skip
        """The sums of each arm, of the accounts whose window is over at the end of a day."""
        found: dict[str, ArmSums] = {}
        for key, sums in self.arm_sums.items():
            of = (key.name, key.run, key.metric, key.currency)
            is_asked = of == (name, run, metric, currency)
            if is_asked and key.day <= at and key.known < recorded_before:
                found[key.arm] = found.get(key.arm, ArmSums()).plus(sums)
        return found

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
        question = self.question(name, start, end, zone=zone, as_of=as_of, **more)
        return self.figured(question, zone).answer()

    def question(
        self, name: str, start: date, end: date, *, zone: str = "UTC", **more: Any
    ) -> Question:
        kpi = KPIS[name]
        more.setdefault("by", kpi.by[0])
        more.setdefault("today", business_day(Tenant(zone, self.latest_slot, 0)))
        return Question(kpi, Window(start, end), **more)

    def figured(self, question: Question, zone: str = "UTC") -> Figured:
        """The question with what its answer is made of."""
        recorded_before = before_end_of(question.as_of, zone)
        currencies = self._currencies(recorded_before)
        if question.kpi.over == "trailing":
            days = self._first_days(recorded_before)
            if question.into and days:
                days[""] = min(days.values())
            question = replace(question, begins_on=days)
        rows = self._rows(question, question.currency, recorded_before)
        return Figured(question, rows, currencies_of(currencies, rows))

    def today(self, zone: str = "UTC") -> date:
        """The business day."""
        return business_day(Tenant(zone, self.latest_slot, 0))

    def sums(self, recorded_before: int = UNTIL_NOW) -> Cells:
        """All cells added up, by what was known."""
        cells: Cells = {}
        for slot, added in self.cells.items():
            if slot < recorded_before:
                merge(cells, added)
        return cells

    def _rows(self, question: Question, currency: str | None, recorded_before: int) -> list[Row]:
        rows = list(rows_of_cells(question, currency, self.sums(recorded_before)))
        if any(reading.mode == "delinquent" for reading in readings(question)):
            for span in self.delinquencies_known(recorded_before):
                rows += delinquent_rows(question, span)
        return settled(rows)

    def delinquencies_known(self, recorded_before: int = UNTIL_NOW) -> Iterator[Delinquency]:
        """The spans by what was known."""
        for rows in self.delinquencies.values():
            for each in rows:
                if each.known_from < recorded_before <= each.known_until:
                    yield each.row

    def matrix_of_cures(
        self, month: Window, at: date, recorded_before: int = UNTIL_NOW
    ) -> list[dict[str, Any]]:
        """By the accounts with anything overdue at the end of the month before."""
        return cure_matrix(fate for *_, fate in self.fates(month, at, recorded_before))

    def fates(
        self, month: Window, at: date, recorded_before: int = UNTIL_NOW
    ) -> Iterator[tuple[str, Delinquency, Fate]]:
        """What became of each of them, with the delinquency as it is seen."""
        before = month.from_on - timedelta(days=1)
        for account in self.delinquencies:
            spans = [
                each.row
                for each in self.delinquencies[account]
                if each.known_from < recorded_before <= each.known_until
            ]
            for span in spans:
                if span.start_on <= before < span.end_on:
                    (seen,) = (
                        each
                        for each in spans
                        if each.chain_on == span.chain_on and is_seen(each, at)
                    )
                    due = [due for due in span.dues if due.from_on <= before][-1].oldest_due_on
                    is_in_month = seen.end_on <= min(at, month.to_on)
                    bucket, state = bucket_on(due, before), state_of(seen, at)
                    yield account, seen, Fate(bucket, is_in_month, state, seen.is_untouched, 1)

    def matrix_of_rolls(
        self, month: Window, currency: str, by: Any = "amount", recorded_before: int = UNTIL_NOW
    ) -> list[MatrixRow]:
        question = Question(KPIS["roll_rate"], month, currency)
        cells = kept_cells(question, currency, self.sums(recorded_before))
        return matrix(rolled_of(question, currency, cells, [month]), by)

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


def before_end_of(as_of: date | None, zone: str) -> int:
    """The moment of knowledge that `as_of` means."""
    if as_of is None:
        return UNTIL_NOW
    return int(day_start(as_of + timedelta(days=1), zone).timestamp() // SLOT_SECONDS)


def at(day: str, hour: int = 0) -> datetime:
    """An instant, UTC."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=hour)
