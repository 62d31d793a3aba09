"""What the domain shows and what the model expects, in the same words, so that `==` can judge."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from services.ledger.domain import amounts, begin, cause_of, new_account, next_on, record
from shared.business_time import Begun
from shared.events import ledger
from tests.oracles.ledger_announcements import Announcer, Said
from tests.oracles.ledger_questions import Amounts, Questions
from tests.oracles.ledger_table import day_of

NOTHING_BEGUN = Begun(None, None)


def same(shown: object, expected: object) -> None:
    assert shown == expected, f"\nthe domain: {shown}\n the model: {expected}"


# ── State ───────────────────────────────────────────────────────────────────────────────────────
def domain_invoices(account: Any) -> dict[str, tuple[object, ...]]:
    return {
        name: (i.currency, i.due_on, i.balance_minor, i.disputed_minor, i.status, i.stage)
        for name, i in account.invoices.items()
    }


def model_invoices(asked: Questions, begun: date | None) -> dict[str, tuple[object, ...]]:
    return {
        name: (
            f.currency,
            f.due_on,
            f.balance,
            f.disputed,
            f.status,
            asked.present_stage(name, begun),
        )
        for name, f in asked.now().invoices.items()
    }


def figures(shown: Iterable[ledger.Amounts]) -> dict[str, Amounts]:
    """The domain's amounts in the model's class; currencies in which nothing is owed left out."""
    listed = list(shown)
    assert len({a.currency for a in listed}) == len(listed)
    return without_nothing(
        {
            a.currency: Amounts(
                a.balance_minor,
                a.overdue_minor,
                a.disputed_minor,
                a.unapplied_minor,
                a.unapplied_credit_minor,
                a.collectable_minor,
                a.oldest_due_on,
                a.days_past_due,
            )
            for a in listed
        }
    )


def without_nothing(shown: dict[str, Amounts]) -> dict[str, Amounts]:
    return {currency: a for currency, a in shown.items() if a != Amounts()}


def check_state(account: Any, asked: Questions, begun: Begun) -> None:
    """Everything that is shown without `as_of`."""
    day = begun_in(begun, asked.zone)
    assert (account.zone, account.registered) == (asked.zone, asked.model.registered)
    if asked.model.registered:
        same(domain_invoices(account), model_invoices(asked, day))
    same(figures(amounts(account, begun)), without_nothing(asked.amounts(day)))


# ── What is said ────────────────────────────────────────────────────────────────────────────────
def domain_said(said: Sequence[Any]) -> Counter[Said]:
    """The announcements among what the domain says."""
    found: Counter[Said] = Counter()
    for event in said:
        data = event.data
        if event.type == "invoice-due-soon":
            found[
                event.type, data.invoice_id, data.due_on, event.time, event.day, data.balance_minor
            ] += 1
        elif event.type == "invoice-overdue":
            assert data.days_past_due == data.stage
            assert event.day == data.since_on
            found[
                event.type,
                data.invoice_id,
                data.due_on,
                data.stage,
                event.time,
                data.since_on,
                data.balance_minor,
                data.disputed_minor,
            ] += 1
        elif event.type == "overdue-corrected":
            found[
                event.type,
                data.invoice_id,
                data.due_on,
                data.from_stage,
                data.to_stage,
                event.time,
                data.since_on,
                data.because,
            ] += 1
        elif event.type == "invoice-reopened":
            found[event.type, data.invoice_id, data.because] += 1
        elif event.type == "invoice-paid":
            found[event.type, data.invoice_id, event.time] += 1
    return found


def check_what_is_carried(said: Sequence[Any], asked: Questions, begun: Begun) -> None:
    """Every event's amounts are those after its fact; allocations are whole histories."""
    expected = asked.amounts(begun_in(begun, asked.zone))
    for event in said:
        for carried in getattr(event.data, "amounts", ()):
            wanted = without_nothing({"": expected.get(carried.currency, Amounts())})
            assert list(figures([carried]).values()) == list(wanted.values()), event
        lines = getattr(event.data, "allocations", ())
        for source in {(a.source_kind, a.source_id) for a in lines}:
            mine = [a for a in lines if (a.source_kind, a.source_id) == source]
            same(allocations(mine), [h for h in asked.history() if h[:2] == source])


def allocations(lines: Iterable[ledger.Allocation]) -> list[tuple[object, ...]]:
    """A line of 0 says that this source has no money there any more, nor ever had."""
    sums: Counter[tuple[object, ...]] = Counter()
    for line in lines:
        if line.amount_minor and line.released_at != line.applied_at:
            key = (
                line.source_kind,
                line.source_id,
                line.invoice_id,
                line.applied_at,
                line.applied_on,
                line.days_late,
                line.released_at,
                line.released_on,
            )
            sums[key] += line.amount_minor
    return sorted(((*key[:3], amount, *key[3:]) for key, amount in sums.items()), key=repr)


def check_order(said: Sequence[Any]) -> None:
    """Corrections come highest stage first, stages lowest first, per invoice and due date."""
    stages: dict[tuple[str, str, date], list[int]] = {}
    for event in said:
        if event.type in ("invoice-overdue", "overdue-corrected"):
            stage = event.data.stage if event.type == "invoice-overdue" else -event.data.from_stage
            key = (event.type, event.data.invoice_id, event.data.due_on)
            stages.setdefault(key, []).append(stage)
    for listed in stages.values():
        assert listed == sorted(listed)


class Reader:
    """One who only reads the events, in sequence: what he believes must be what is."""

    def __init__(self) -> None:
        self.voided: set[str] = set()
        self.stages: dict[str, int | None] = {}
        self.statuses: dict[str, str] = {}
        self.puts: dict[tuple[str, str], list[ledger.Allocation]] = {}

    def read(self, said: Sequence[Any]) -> None:
        for event in said:
            data = event.data
            name = getattr(data, "invoice_id", "")
            if event.type == "invoice-issued":
                self.statuses[name], self.stages[name] = "open", None
                if name in self.voided:
                    self.statuses[name] = "void"
            elif event.type == "invoice-overdue":
                self.stages[name] = max(self.stages[name] or 0, data.stage)
            elif event.type == "overdue-corrected":
                self.stages[name] = data.to_stage
            elif event.type == "invoice-reopened":
                self.statuses[name], self.stages[name] = "open", data.stage
                if name in self.voided:
                    self.statuses[name] = "void"
            elif event.type == "invoice-paid":
                self.statuses[name] = "paid"
            elif event.type == "invoice-voided":
                self.voided.add(name)  # perhaps of an invoice that is still to come
                if name in self.statuses:
                    self.statuses[name] = "void"
            self.puts.pop(("credit_note", getattr(data, "replaces", None) or ""), None)
            lines = getattr(data, "allocations", ())
            for source in {(a.source_kind, a.source_id) for a in lines}:
                self.puts[source] = [a for a in lines if (a.source_kind, a.source_id) == source]

    def believes(self) -> tuple[dict[str, str], dict[str, int | None], dict[object, object]]:
        puts = {source: [_bare(h) for h in allocations(p)] for source, p in self.puts.items()}
        # A stage that a run says late, of a debt paid since, holds for nobody.
        stages = {n: s if self.statuses[n] == "open" else None for n, s in self.stages.items()}
        return self.statuses, stages, {s: p for s, p in puts.items() if p}


def is_so(asked: Questions, begun: date | None) -> object:
    """What a reader must believe."""
    if not asked.model.registered:
        return {}, {}, {}
    figures_now = asked.now().invoices
    puts: dict[object, list[object]] = {}
    for line in asked.history():
        puts.setdefault(line[:2], []).append(_bare(line))
    return (
        {name: f.status for name, f in figures_now.items()},
        {name: asked.present_stage(name, begun) for name in figures_now},
        puts,
    )


def _bare(line: tuple[object, ...]) -> tuple[object, ...]:
    """Without what a new zone or due date changes silently: the days."""
    return (*line[:5], line[7])


def begun_in(begun: Begun, zone: str) -> date | None:
    """The begun day of a zone: by day for all of them, by instant for each its own; the later."""
    by_instant = None if begun.at is None else day_of(begun.at, zone)
    return max((day for day in (begun.day, by_instant) if day), default=None)


def in_excess(asked: Questions) -> set[str]:
    """The reversals that ask for more than is left of their payment."""
    return {reversal for reversal, excess in asked.model.excess.items() if excess}


class Steps:
    """The domain and the model, taken through the same steps."""

    def __init__(self, tenant_zone: str) -> None:
        self.tenant_zone = tenant_zone
        self.account: Any = new_account("C1", tenant_zone)
        self.model = Announcer(tenant_zone, cause_of)
        self.begun = NOTHING_BEGUN
        self.reader = Reader()
        self.said: list[Any] = []
        self.announced: dict[tuple[str, str], Any] = {}

    def day(self) -> date | None:
        return begun_in(self.begun, self.model.now.zone)

    def begin(self, begun: Begun) -> None:
        self.begun = begun
        soonest = next_on(self.account)
        decision = self._keep(begin(self.account, begun))
        day = self.day()
        assert day is not None
        expected = self.model.begin(day)
        same(domain_said(decision.announcements), expected)
        times = [event.time for event in decision.announcements]
        assert times == sorted(times)
        if decision.announcements:
            assert soonest is not None
            assert soonest <= day
        self._check(decision.announcements)

    def record(self, fact: Any) -> None:
        was_registered = self.model.now.model.registered
        before = in_excess(self.model.now)
        decision = self._keep(record(self.account, [fact], self.begun))
        expected = self.model.record(fact, lambda zone: begun_in(self.begun, zone))
        noticed = {notice.fact.fact_id for notice in decision.rejections}
        assert in_excess(self.model.now) - before <= noticed <= in_excess(self.model.now)
        if was_registered and self.model.now.model.registered:
            same(domain_said(decision.announcements), expected)
            check_what_is_carried(decision.announcements, self.model.now, self.begun)
        elif not self.model.now.model.registered:
            assert decision.announcements == []
        self._check(decision.announcements)

    def _keep(self, decision: Any) -> Any:
        self.said += decision.announcements
        for new in decision.notices:
            self.announced[new.invoice_id, new.key] = new
        return decision

    def _check(self, said: Sequence[Any]) -> None:
        check_order(said)
        check_state(self.account, self.model.now, self.begun)
        self.reader.read(said)
        same(self.reader.believes(), is_so(self.model.now, self.day()))
