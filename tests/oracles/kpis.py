"""The KPIs once more, in pandas over the raw billing facts: the referee of `services/metrics`.

Written from the pages of definitions and rules alone. It takes the accepted facts (through the
ledger's own referee, which says where each cent went) and never sees an event of ours. Days are
ordinals, so that a day's arithmetic is a number's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import pandas as pd

from tests.oracles.kpi_parts import Told, days_of_sales, entry, ratio, rows, since, total
from tests.oracles.ledger import Model
from tests.oracles.ledger_table import day_of, first_instant

NEVER = date(9000, 1, 1).toordinal()
BUCKETS = {
    "current": (-(10**7), 0),
    "1-30": (1, 30),
    "31-60": (31, 60),
    "61-90": (61, 90),
    "91-120": (91, 120),
    "121+": (121, 10**7),
}


Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Books:
    """One account: its facts, the zone of its tenant, and its segments (since when, which)."""

    name: str
    facts: Sequence[Any]
    tenant_zone: str
    segments: Sequence[tuple[datetime, str]] = ()


@dataclass(eq=False)
class Portfolio:
    """All accounts of a tenant as tables, one row per thing."""

    books: Iterable[Books]
    invoices: pd.DataFrame = field(init=False)
    puts: pd.DataFrame = field(init=False)
    notes: pd.DataFrame = field(init=False)
    money: pd.DataFrame = field(init=False)
    _segments: dict[str, list[tuple[datetime, int, str]]] = field(default_factory=dict)
    _known: dict[tuple[object, ...], pd.DataFrame] = field(default_factory=dict)
    _windows: dict[tuple[object, ...], "Window"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tables: Tables = {"invoices": [], "puts": [], "notes": [], "money": []}
        for books in self.books:
            self._read(books, tables)
        self.invoices = pd.DataFrame(tables["invoices"], columns=_INVOICES)
        self.puts = pd.DataFrame(tables["puts"], columns=_PUTS)
        self.notes = pd.DataFrame(tables["notes"], columns=_NOTES)
        self.money = pd.DataFrame(tables["money"], columns=_MONEY)

    @cached_property
    def credit_off_voids(self) -> pd.DataFrame:
        """What credit notes took off invoices that are void now."""
        return self.puts[self.puts["void"].astype(bool) & self.puts["is_credit"].astype(bool)]

    @cached_property
    def money_on_debts(self) -> pd.DataFrame:
        """Payments' money on invoices that had entered collections."""
        return self.puts[self.puts["counted"].astype(bool) & ~self.puts["is_credit"].astype(bool)]

    @cached_property
    def money_that_came_back(self) -> pd.DataFrame:
        """Of what was on a debt before it entered collections, and credit: what left it again."""
        return self.puts[self.puts["came_back"].astype(bool)]

    @cached_property
    def standing_invoices(self) -> pd.DataFrame:
        return self.invoices[~self.invoices["void"].astype(bool)]

    def _read(self, books: Books, tables: Tables) -> None:
        model = Model(books.facts, books.tenant_zone).replay()
        if not model.registered:
            return
        zone = model.zone
        self._segments[books.name] = sorted(
            ((at, day_of(at, zone).toordinal(), name) for at, name in books.segments),
            key=lambda change: change[0],
        )
        self._read_invoices(books.name, model, tables)
        for money in model._money:
            if money.is_credit:
                tables["notes"].append(
                    {
                        "account": books.name,
                        "note": money.name,
                        "currency": money.currency,
                        "amount": money.left,
                        "day": day_of(money.order[0], zone).toordinal(),
                        "segment": self.segment_before(books.name, money.order[0]),
                    }
                )
        for act in model.acts():
            data = act.fact.data
            if act.fact.kind == "payment-received":
                amount, number = data.amount_minor, 1
            elif act.fact.kind == "payment-reversed":
                amount, number = -model.taken_back[data.reversal_id], 0
            else:
                continue
            tables["money"].append(
                {
                    "account": books.name,
                    "currency": data.currency,
                    "amount": amount,
                    "number": number,
                    "day": day_of(act.instant, zone).toordinal(),
                    "segment": self.segment_before(books.name, act.instant),
                }
            )

    def _read_invoices(self, account: str, model: Model, tables: Tables) -> None:
        zone = model.zone
        for name, bill in model._bills.items():
            invoice = bill.invoice
            issued_on = invoice.issued_on.toordinal()
            start = first_instant(invoice.issued_on, zone)
            entered = None if bill.void else entry(model, bill, start)
            own = {
                "account": account,
                "invoice": name,
                "currency": invoice.currency,
                "due": bill.due_on.toordinal(),
                "void": bill.void,
            }
            tables["invoices"].append(
                {
                    **own,
                    "amount": invoice.amount_minor,
                    "issued": issued_on,
                    "segment": self.segment_at(account, start),
                    "entered_day": entered[2] if entered else NEVER,
                    "entered_amount": entered[3] if entered else 0,
                    "entered_segment": self.segment_before(account, entered[0]) if entered else "",
                }
            )
            for put in model.puts:
                if put.invoice != name:
                    continue
                applied = max(day_of(put.applied_at, zone).toordinal(), issued_on)
                released = NEVER
                if put.released_at is not None:
                    released = max(day_of(put.released_at, zone).toordinal(), applied)
                counted = entered is not None and since(put.applied_at, entered[0], entered[1])
                came_back = (
                    entered is not None
                    and put.released_at is not None
                    and since(put.released_at, entered[0], entered[1])
                    and (put.is_credit or not counted)
                )
                tables["puts"].append(
                    {
                        **own,
                        "amount": put.amount,
                        "is_credit": put.is_credit,
                        "applied": applied,
                        "released": released,
                        "counted": counted,
                        "came_back": came_back,
                        "entered_segment": (
                            self.segment_before(account, entered[0]) if entered else ""
                        ),
                        "segment": self.segment_before(account, put.applied_at),
                        "released_segment": self.segment_before(
                            account, put.released_at or put.applied_at
                        ),
                    }
                )

    def segment_at(self, account: str, instant: datetime) -> str:
        """The one in force at an instant."""
        return next((s for at, _, s in reversed(self._segments[account]) if at <= instant), "")

    def segment_before(self, account: str, instant: datetime) -> str:
        """The one that money finds: what it changes itself comes after it."""
        return next((s for at, _, s in reversed(self._segments[account]) if at < instant), "")

    def segment_on(self, account: str, day: int) -> str:
        """The one in force at the end of a day."""
        return next((s for _, on, s in reversed(self._segments[account]) if on <= day), "")

    def ask(self, currency: str, start: date, end: date, segment: str | None = None) -> "Window":
        """Everything in one currency and window, of one segment or all."""
        return self.ask_ordinals(currency, start.toordinal(), end.toordinal(), segment)

    def ask_ordinals(
        self, currency: str, start: int, end: int, segment: str | None = None
    ) -> "Window":
        """The same, by the numbers of days."""
        question = (currency, start, end, segment)
        if question not in self._windows:
            self._windows[question] = Window(self, *question)
        return self._windows[question]

    def in_currency(self, table: pd.DataFrame, currency: str) -> pd.DataFrame:
        """A table's rows of one currency, looked up once."""
        question = (id(table), currency)
        if question not in self._known:
            self._known[question] = table[table["currency"] == currency]
        return self._known[question]


_INVOICES = [
    "account", "invoice", "currency", "due", "void", "amount", "issued", "segment",
    "entered_day", "entered_amount", "entered_segment",
]  # fmt: skip
_PUTS = [
    "account", "invoice", "currency", "due", "void", "amount", "is_credit", "applied", "released",
    "counted", "came_back", "entered_segment", "segment", "released_segment",
]  # fmt: skip
_NOTES = ["account", "note", "currency", "amount", "day", "segment"]
_MONEY = ["account", "currency", "amount", "number", "day", "segment"]


@dataclass(frozen=True)
class Window:
    """The KPIs of one window, each as (value, numerator, denominator)."""

    portfolio: Portfolio
    currency: str
    start: int
    end: int
    segment: str | None

    @property
    def days(self) -> int:
        return self.end - self.start + 1

    def _in(self, table: pd.DataFrame, day: str, segment: str = "segment") -> pd.DataFrame:
        """Rows of the window by a column of days, and of the segment in force then."""
        found = self.portfolio.in_currency(table, self.currency)
        found = found[(found[day] >= self.start) & (found[day] <= self.end)]
        return found if self.segment is None else found[found[segment] == self.segment]

    def _held(self, table: pd.DataFrame, day: int) -> pd.DataFrame:
        """Rows of the accounts that are in the segment at the end of a day."""
        found = self.portfolio.in_currency(table, self.currency)
        if self.segment is None:
            return found
        accounts = [
            name
            for name in self.portfolio._segments
            if self.portfolio.segment_on(name, day) == self.segment
        ]
        return found[found["account"].isin(accounts)]

    def open_invoices(self, day: int) -> pd.DataFrame:
        """Balances at the end of a day."""
        question = (self.currency, self.segment, day)
        if question not in self.portfolio._known:
            self.portfolio._known[question] = self._open_invoices(day)
        return self.portfolio._known[question]

    def _open_invoices(self, day: int) -> pd.DataFrame:
        invoices = self._held(self.portfolio.invoices, day)
        invoices = invoices[~invoices["void"].astype(bool) & (invoices["issued"] <= day)]
        on_them = self._standing(day).groupby(["account", "invoice"])["amount"].sum()
        found = [
            {
                "due": row.due,
                "entered_day": row.entered_day,
                "entered_segment": row.entered_segment,
                "balance": row.amount - int(on_them.get((row.account, row.invoice), 0)),
            }
            for row in rows(invoices)
        ]
        balances = pd.DataFrame(found, columns=["due", "entered_day", "entered_segment", "balance"])
        return balances[balances["balance"] > 0]

    def _standing(self, day: int) -> pd.DataFrame:
        puts = self._held(self.portfolio.puts, day)
        return puts[(puts["applied"] <= day) & (puts["released"] > day)]

    def unapplied_credit(self, day: int) -> int:
        notes = self._held(self.portfolio.notes, day)
        standing = self._standing(day)
        used = standing[standing["is_credit"].astype(bool)]
        return total(notes[notes["day"] <= day], "amount") - total(used, "amount")

    def receivables(self, day: int) -> int:
        return total(self.open_invoices(day), "balance") - self.unapplied_credit(day)

    def overdue(self, day: int) -> int:
        """Of all debts; of a segment: of those that entered collections out of it."""
        if self.segment is None:
            found = self.open_invoices(day)
            return total(found[found["due"] < day], "balance")
        everything = self.portfolio.ask_ordinals(self.currency, self.start, self.end)
        found = everything.open_invoices(day)
        found = found[(found["due"] < day) & (found["entered_day"] < NEVER)]
        return total(found[found["entered_segment"] == self.segment], "balance")

    @cached_property
    def not_yet_due(self) -> int:
        found = self.open_invoices(self.end)
        return total(found[found["due"] >= self.end], "balance")

    @cached_property
    def sales(self) -> int:
        """Invoices less credit notes; what these took off a void invoice lowers no sales until
        the void has freed it."""
        off_voids = self.portfolio.credit_off_voids
        return (
            int(self.invoiced()[0] or 0)
            - total(self._in(self.portfolio.notes, "day"), "amount")
            + total(self._in(off_voids, "applied"), "amount")
            - total(self._in(off_voids, "released", "released_segment"), "amount")
        )

    # ── The KPIs ────────────────────────────────────────────────────────────────────────────────
    def invoiced(self, by: str = "amount") -> Told:
        found = self._in(self.portfolio.standing_invoices, "issued")
        value = total(found, "amount") if by == "amount" else len(found)
        return value, value, None

    def received(self, by: str = "amount") -> Told:
        found = self._in(self.portfolio.money, "day")
        value = total(found, "amount" if by == "amount" else "number")
        return value, value, None

    def recovery_rate(self) -> Told:
        counted = self.portfolio.money_on_debts
        received = total(self._in(counted, "applied", "entered_segment"), "amount") - total(
            self._in(counted, "released", "entered_segment"), "amount"
        )
        entered = self._in(self.portfolio.invoices, "entered_day", "entered_segment")
        again = self._in(self.portfolio.money_that_came_back, "released", "entered_segment")
        owed = (
            self.overdue(self.start - 1)
            + total(entered, "entered_amount")
            + total(again[~again["void"].astype(bool)], "amount")
        )
        return ratio(received, owed)

    def since_first_invoice(self) -> "Window":
        """The window, cut at the currency's first invoice, whoever it was sent to."""
        invoices = self.portfolio.in_currency(self.portfolio.standing_invoices, self.currency)
        first = min((int(day) for day in invoices["issued"]), default=self.start)
        start = first if self.start < first <= self.end else self.start
        return self.portfolio.ask_ordinals(self.currency, start, self.end, self.segment)

    def dso(self) -> Told:
        window = self.since_first_invoice()
        return days_of_sales(window.receivables(self.end), window.sales, window.days)

    def best_possible_dso(self) -> Told:
        window = self.since_first_invoice()
        return days_of_sales(self.not_yet_due, window.sales, window.days)

    def average_days_delinquent(self) -> Told:
        late = self.receivables(self.end) - self.not_yet_due
        window = self.since_first_invoice()
        return days_of_sales(late, window.sales, window.days)

    def average_days_late(self) -> Told:
        puts = self._in(self.portfolio.puts, "applied")
        puts = puts[~puts["is_credit"].astype(bool) & ~puts["void"].astype(bool)]
        puts = puts[puts["released"] > self.end]
        weighted = sum(row.amount * max(0, row.applied - row.due) for row in rows(puts))
        still = self.open_invoices(self.end)
        still = still[still["due"] < self.end]
        weighted += sum(row.balance * (self.end - row.due) for row in rows(still))
        return ratio(int(weighted), total(puts, "amount") + total(still, "balance"))

    def collection_effectiveness_index(self) -> Told:
        collected = collectable = 0
        first = date.fromordinal(self.start)
        for month in pd.period_range(first, date.fromordinal(self.end), freq="M"):
            start = max(self.start, month.start_time.date().toordinal())
            end = min(self.end, month.end_time.date().toordinal())
            part = self.portfolio.ask_ordinals(self.currency, start, end, self.segment)
            owed = part.receivables(start - 1) + part.sales
            collected += owed - part.receivables(end)
            collectable += owed - min(part.not_yet_due, part.receivables(end))
        if collectable < 0:
            return None, collected, collectable
        return ratio(collected, collectable)

    def aging(self, by: str = "amount") -> dict[str, int]:
        found = self.open_invoices(self.end)
        ages = self.end - found["due"]
        return {
            name: total(held, "balance") if by == "amount" else len(held)
            for name, (low, high) in BUCKETS.items()
            for held in (found[(ages >= low) & (ages <= high)],)
        }
