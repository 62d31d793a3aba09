"""What one may ask of the replayed facts of an account: figures, stages, reopenings, statuses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.oracles.ledger import STAGES, Model, name_of
from tests.oracles.ledger_table import (
    Fact,
    Figure,
    Put,
    Snapshot,
    day_of,
    days,
    first_instant,
)


@dataclass(frozen=True)
class Amounts:
    balance: int = 0
    overdue: int = 0
    disputed: int = 0
    unapplied: int = 0
    unapplied_credit: int = 0
    collectable: int = 0
    oldest_due_on: date | None = None
    days_past_due: int = 0


@dataclass(frozen=True)
class Reached:
    """A stage that an invoice has come to."""

    invoice_id: str
    due_on: date
    stage: int
    time: datetime
    since_on: date
    balance: int
    disputed: int


@dataclass(frozen=True)
class Reopened:
    """A moment at which a paid invoice was open again, by the facts."""

    invoice_id: str
    due_on: date
    because: str
    time: datetime
    day: date
    stage: int | None
    days_past_due: int
    balance: int


def stage_on(day: date, due_on: date) -> int | None:
    """The stage of a day: the highest one begun by then."""
    begun = [stage for stage in STAGES if due_on + days(stage) <= day]
    return begun[-1] if begun else None


class Questions:
    """All facts of one account, and the tenant's begun day in the account's zone."""

    def __init__(
        self, facts: Sequence[Fact], tenant_zone: str, cause: Callable[[Any], str] = name_of
    ) -> None:
        self.facts = list(facts)
        self.tenant_zone = tenant_zone
        self.model = Model(facts, tenant_zone, cause).replay()
        self.zone = self.model.zone

    def before(self, instant: datetime) -> Snapshot:
        """Everything as the facts before an instant left it."""
        return self._last([s for s in self.model.snapshots if s.instant < instant])

    def after(self, instant: datetime) -> Snapshot:
        """Everything as the facts up to and at an instant left it."""
        return self._last([s for s in self.model.snapshots if s.instant <= instant])

    def now(self) -> Snapshot:
        return self._last(self.model.snapshots)

    def _last(self, snapshots: Sequence[Snapshot]) -> Snapshot:
        nothing = Snapshot(first_instant(date(1990, 1, 1), "UTC"), "", {}, {}, {})
        return snapshots[-1] if snapshots else nothing

    # ── Figures ─────────────────────────────────────────────────────────────────────────────────
    def amounts(self, day: date | None) -> dict[str, Amounts]:
        """All accepted facts count; days past due at the begun day."""
        return amounts_of(self.now(), day)

    def amounts_as_of(self, day: date) -> dict[str, Amounts]:
        """Facts effective by the end of the day, replayed alone; days past due at that day."""
        end = first_instant(day + days(1), self.zone)
        return amounts_of(self._last(self.cut(end).snapshots), day)

    def cut(self, before: datetime) -> Model:
        return Model(self.facts, self.tenant_zone).replay(before)

    def present_stage(self, invoice_id: str, begun: date | None) -> int | None:
        """The stage that holds now: the last reached one or a later reopening's; none if closed."""
        figure = self.now().invoices[invoice_id]
        if figure.status != "open":
            return None
        held = [r.stage for r in self.reached(invoice_id, begun)]
        held += [r.stage for r in self.reopenings(invoice_id) if r.stage is not None]
        return max(held, default=None)

    # ── Stages ──────────────────────────────────────────────────────────────────────────────────
    def reached(self, invoice_id: str, begun: date | None) -> list[Reached]:
        """Every stage of the present due date that the invoice came to by the begun day."""
        if begun is None or invoice_id not in self.now().invoices:
            return []
        issued_on = self._issued_on(invoice_id)
        due_on = self.now().invoices[invoice_id].due_on
        found = []
        for stage in STAGES:
            since_on = max(due_on + days(stage), issued_on)
            time = first_instant(since_on, self.zone)
            if time <= first_instant(issued_on, self.zone):  # at or before the invoice's own
                figure = self.after(time).invoices[invoice_id]
            else:
                figure = self.before(time).invoices[invoice_id]
            if since_on <= begun and figure.balance > 0:
                found.append(
                    Reached(
                        invoice_id, due_on, stage, time, since_on, figure.balance, figure.disputed
                    )
                )
        return found

    def _issued_on(self, invoice_id: str) -> date:
        (issued,) = [
            f for f in self.facts if f.kind == "invoice-issued" and f.data.invoice_id == invoice_id
        ]
        return issued.data.issued_on  # type: ignore[no-any-return]

    def reopenings(self, invoice_id: str) -> list[Reopened]:
        """Every fact after which an invoice was open that was paid before it."""
        found = []
        before: Figure | None = None
        for snapshot in self.model.snapshots:
            figure = snapshot.invoices.get(invoice_id)
            if figure and before and (before.status, figure.status) == ("paid", "open"):
                day = day_of(snapshot.instant, self.zone)
                late = max(0, (day - figure.due_on).days)
                stage = stage_on(day, figure.due_on)
                found.append(
                    Reopened(
                        invoice_id,
                        figure.due_on,
                        snapshot.because,
                        snapshot.instant,
                        day,
                        stage,
                        late,
                        figure.balance,
                    )
                )
            before = figure
        return found

    def paid_at(self, invoice_id: str) -> datetime | None:
        """The instant since which the invoice is paid, if it is."""
        since: datetime | None = None
        for snapshot in self.model.snapshots:
            figure = snapshot.invoices.get(invoice_id)
            if figure is None or figure.status != "paid":
                since = None
            elif since is None:
                since = snapshot.instant
        return since

    def due_soon_from(self, invoice_id: str) -> tuple[date, datetime]:
        """The day and instant of the reminder: the 7th day before, or the invoice's if later."""
        due_on = self.now().invoices[invoice_id].due_on
        day = max(due_on - days(7), self._issued_on(invoice_id))
        return day, first_instant(day, self.zone)

    # ── Allocations ─────────────────────────────────────────────────────────────────────────────
    def history(self) -> list[tuple[object, ...]]:
        """Every allocation with its release; money that did not stay for a moment left out."""
        return sorted(
            (
                self._line(put)
                for put in merged(self.model.puts)
                if put.released_at != put.applied_at
            ),
            key=repr,
        )

    def _line(self, put: Put) -> tuple[object, ...]:
        applied_on = day_of(put.applied_at, self.zone)
        due_on = self.now().invoices[put.invoice].due_on
        return (
            "credit_note" if put.is_credit else "payment",
            put.source,
            put.invoice,
            put.amount,
            put.applied_at,
            applied_on,
            max(0, (applied_on - due_on).days),
            put.released_at,
            day_of(put.released_at, self.zone) if put.released_at else None,
        )


def merged(puts: Sequence[Put]) -> list[Put]:
    """Parts put and released at the same instants are one."""
    sums: dict[tuple[object, ...], Put] = {}
    for put in puts:
        key = (put.source, put.is_credit, put.invoice, put.applied_at, put.released_at)
        before = sums[key].amount if key in sums else 0
        sums[key] = Put(
            put.source,
            put.is_credit,
            put.invoice,
            before + put.amount,
            put.applied_at,
            put.released_at,
        )
    return list(sums.values())


def amounts_of(snapshot: Snapshot, day: date | None) -> dict[str, Amounts]:
    """LEDGER, Amounts: per currency, at a day."""
    figures = list(snapshot.invoices.values())
    currencies = {f.currency for f in figures} | set(snapshot.cash) | set(snapshot.credit)
    answer = {}
    for currency in currencies:
        mine = [f for f in figures if f.currency == currency and f.status == "open"]
        late = [f for f in mine if day is not None and f.due_on < day]
        overdue = sum(f.balance for f in late)
        credit = snapshot.credit.get(currency, 0)
        unapplied = snapshot.cash.get(currency, 0) + credit
        oldest = min((f.due_on for f in mine), default=None)
        answer[currency] = Amounts(
            balance=sum(f.balance for f in mine),
            overdue=overdue,
            disputed=sum(f.disputed for f in mine),
            unapplied=unapplied,
            unapplied_credit=credit,
            collectable=max(0, overdue - sum(f.disputed for f in late) - unapplied),
            oldest_due_on=oldest,
            days_past_due=max(0, (day - oldest).days) if day and oldest else 0,
        )
    return answer
