"""Dry runs of strategies: day by day ahead, as if nothing else happened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from services.outreach.activity.domain.contacts import Item, MessageChannel
from services.outreach.channels.domain.tenant_settings import Ramp
from services.outreach.debtors.domain.account_money import CurrencyAmounts
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.domain.strategy_trial import StrategyTrial, TrialTerms, reported
from services.outreach.dunning.domain.trial_debtors import TrialDebtor
from tests.unit.outreach.builders import Post
from tests.unit.outreach.planning_world import BERLIN, local

FOLDER = Path(__file__).resolve().parents[3] / "services" / "outreach" / "dunning" / "strategies"
RETAIL = parse_strategy((FOLDER / "consumer-retail.yaml").read_text(encoding="utf-8"))
COSTS = {"email": 400, "sms": 75_000}


@dataclass
class CountingPost(Post):
    """Every channel is there, and has its price."""

    def noted(self, at: datetime, channel: MessageChannel, items: tuple[Item, ...]) -> None:
        """Nothing is forbidden, whatever was sent."""

    def owing(self, invoices: Sequence[Invoice]) -> None:
        """Nothing is forbidden, whatever is owed."""

    def cost_micros(self, channel: MessageChannel, items: tuple[Item, ...]) -> int:
        return COSTS.get(channel, 0)


def a_debtor(
    name: str,
    euros: int,
    due_on: str,
    on: str,
    *,
    strategy: Strategy = RETAIL,
    priority: int = 0,
    **account: Any,
) -> TrialDebtor:
    """One account with one invoice, contacted before."""
    due, today = date.fromisoformat(due_on), date.fromisoformat(on)
    late = (today - due).days
    stage = max((s for s in (1, 31, 61, 91, 121) if s <= late), default=None)
    invoice = Invoice(
        name, f"I-{name}", "EUR", due, balance_minor=euros * 100, stage=stage,
        due_soon_on=due if -7 <= late <= 0 else None,
    )  # fmt: skip
    overdue = euros * 100 if stage is not None else 0
    known = Account(
        name, "consumer", BERLIN, strategy, is_contacted=True, country="DE",
        amounts={"EUR": CurrencyAmounts(euros * 100, overdue, overdue)}, tags=frozenset(),
    )  # fmt: skip
    facts = DebtorFacts(
        f"account/{name}", None, date(2027, 1, 1), (replace(known, **account),), (invoice,),
        timezone=BERLIN,
    )  # fmt: skip
    return TrialDebtor(facts, CountingPost(), priority)


def terms(on: str, days: int, **more: Any) -> TrialTerms:
    first = date.fromisoformat(on)
    base = TrialTerms(
        strategy=RETAIL.name, version=RETAIL.version, from_on=first,
        until_on=date.fromordinal(first.toordinal() + days), at=local(f"{on} 00:00"), zone=BERLIN,
        ramp=Ramp(), ramp_from=date(2027, 1, 1), version_ramp=RETAIL.ramp, version_from=first,
    )  # fmt: skip
    return replace(base, **more)


def ran(debtors: list[TrialDebtor], wanted: TrialTerms) -> dict[str, Any]:
    return reported(wanted, StrategyTrial(wanted, debtors).run(), "EUR")


def by_day(report: dict[str, Any], channel: str) -> dict[str, int]:
    return {
        f"{each['day']:%m-%d}": each["count"]
        for each in report["contacts"]
        if each["channel"] == channel
    }


def test_out_g14_a_dry_run_ahead() -> None:
    """OUT-G14."""
    on = "2027-03-01"
    report = ran(
        [
            a_debtor("A", 120, "2027-03-01", on),
            a_debtor("B", 60, "2027-03-05", on),
            a_debtor("C", 300, "2027-02-08", on, pays_within=0.4),
        ],
        terms(on, 14),
    )
    assert by_day(report, "email") == {"03-01": 3, "03-04": 1, "03-08": 1}
    assert by_day(report, "sms") == {"03-08": 1, "03-11": 1}
    assert report["totals"] == [
        {"channel": "email", "count": 5, "cost_micros": 2000},
        {"channel": "sms", "count": 2, "cost_micros": 150_000},
    ]
    (task,) = report["tasks"]
    assert (f"{task['day']:%m-%d}", task["queue"], task["count"]) == ("03-11", "collectors", 1)


def test_slots_go_by_priority_as_in_earnest() -> None:
    on = "2027-03-03"
    debtors = [a_debtor(f"A{n:02}", 60, "2027-03-02", on, priority=99 - n) for n in range(12)]
    ramp = Ramp(start=2, factor=2, most=5)
    report = ran(debtors, terms(on, 5, version_ramp=ramp))
    assert by_day(report, "email") == {"03-03": 2, "03-04": 4, "03-05": 5}
    assert {"rule": "ramp", "effect": "defer", "count": 10} in report["suppressions"]
    assert [each["account_id"] for each in report["examples"][:2]] == ["A00", "A01"]


def test_capacity_limits_messages_and_tells_of_tasks() -> None:
    on = "2027-03-03"
    letters = [a_debtor(f"A{n}", 60, "2027-02-01", on) for n in range(3)]
    for debtor in letters:
        debtor.reach.unreachable |= {"email"}  # type: ignore[attr-defined]
    report = ran(letters, terms(on, 3, capacity={"letter": 1}))
    assert by_day(report, "letter") == {"03-03": 1, "03-04": 1, "03-05": 1}
    on = "2027-04-02"
    calls = [a_debtor(f"A{n}", 300, "2027-03-02", on, pays_within=0.4) for n in range(3)]
    report = ran(calls, terms(on, 3, capacity={"collectors": 2}))
    assert [(t["count"], t["over_capacity"]) for t in report["tasks"]] == [(3, 1)]


def test_what_nobody_can_be_reached_by_is_suppressed_once() -> None:
    on = "2027-03-03"
    debtor = a_debtor("A", 60, "2027-03-02", on)
    debtor.reach.unreachable |= {"email", "sms"}  # type: ignore[attr-defined]
    report = ran([debtor], terms(on, 3))
    assert report["contacts"] == []
    assert report["suppressions"] == [{"rule": "no-address", "effect": "block", "count": 1}]


def test_a_promise_is_kept_on_its_day() -> None:
    on = "2027-03-09"
    debtor = a_debtor("A", 120, "2027-03-02", on)
    day = date(2027, 3, 19)
    debtor.facts = replace(
        debtor.facts,
        stops=(Stop("A", "promise R1", "promise", "EUR", None, date(2027, 3, 9)),),
        occasions=(Occasion("A", "promise-due", "promise", "R1", day, "EUR"),),
    )
    report = ran([debtor], terms(on, 60))
    assert by_day(report, "sms") == {"03-18": 1}  # the day before, and nothing is asked again
    assert by_day(report, "email") == {}
    assert debtor.facts.invoices[0].state == "paid"


def test_the_last_instalment_ends_a_plan() -> None:
    on = "2027-03-09"
    debtor = a_debtor("A", 120, "2027-03-02", on)
    due = [date(2027, 3, 15), date(2027, 4, 15)]
    debtor.facts = replace(
        debtor.facts,
        stops=(Stop("A", "plan P1", "plan", None, None, date(2027, 3, 9)),),
        occasions=tuple(
            Occasion("A", "instalment-due", "instalment", f"P1/{n}", day, "EUR")
            for n, day in enumerate(due, 1)
        ),
    )
    ran([debtor], terms(on, 30))
    assert _states(debtor) == ["open"]
    ran([debtor], terms("2027-04-08", 20))
    assert _states(debtor) == ["paid"]


def _states(debtor: TrialDebtor) -> list[str]:
    return [invoice.state for invoice in debtor.facts.invoices]


def test_parts_add_up() -> None:
    on = "2027-03-03"
    wanted = terms(on, 30)
    debtors = [("A", 120, "2027-03-01"), ("B", 60, "2027-03-05"), ("C", 300, "2027-02-08")]
    whole = StrategyTrial(wanted, [a_debtor(*each, on) for each in debtors]).run()
    parts = StrategyTrial(wanted, []).run()
    for each in debtors:
        taken = Counter(parts.slots)
        parts.add(StrategyTrial(wanted, [a_debtor(*each, on)], taken).run())
    assert parts.contacts == whole.contacts
    assert parts.slots == whole.slots
