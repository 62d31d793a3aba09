"""KPIs that are sums of cells: the golden stories by name, and what single facts do to them."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from services.metrics.api.questions import KpiQuery, question_of
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.receivables import count_back
from services.metrics.domain.questions import Question
from services.metrics.domain.rates import Rates
from services.metrics.domain.windows import Window
from shared.errors import Invalid
from shared.events import Received
from tests.metrics_figures import Memory
from tests.portfolios.log import moment
from tests.portfolios.stories import STORIES
from tests.portfolios.telling import Asked, Telling, a_world, at_nine, on
from tests.unit.metrics.test_golden_stories import check_told


def all_told(story: str) -> None:
    for number, asked in enumerate(STORIES[story]().answers):
        assert isinstance(asked, Asked)
        check_told(story, number)


def test_met_1_a_debts_life() -> None:
    """MET-1: liquidation, recovery and days to pay, with two chargebacks."""
    all_told("MET-1")


def test_met_2_countback() -> None:
    """MET-2: a month of sales below 0 counts its days."""
    all_told("MET-2")


def test_met_3_promises() -> None:
    """MET-3: judged, and judged again on another day."""
    all_told("MET-3")


def test_met_4_attempts_in_march() -> None:
    """MET-4: who answered, who was reached, who promised, who wants no more."""
    all_told("MET-4")


def test_met_8_cost_and_touch() -> None:
    """MET-8: what was spent, and the cash that it touched."""
    all_told("MET-8")


def of(world: Telling) -> Memory:
    memory = Memory()
    memory.take([event for event in world.events if event.type in HANDLERS])
    return memory


def numbers(found: dict[str, Any]) -> tuple[Any, Any]:
    return found["numerator"], found["denominator"]


JANUARY = (date(2026, 1, 1), date(2026, 1, 31))
FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))


def test_counting_back_through_three_months() -> None:
    """The golden value of the definitions: 30 + 30 + 32,000 ÷ 70,000 × 30."""
    months = [(100_000, 30), (80_000, 30), (70_000, 30)]
    assert count_back(212_000, months).value == Fraction(60) + Fraction(32, 70) * 30
    assert count_back(0, months).value == 0
    assert count_back(300_000, months).value is None
    assert count_back(300_000, months).numerator == 300_000


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_answer_of_another_account_finds_the_contact(order: tuple[int, int]) -> None:
    """It is announced under the account that answers; the attempt is that of the contact."""
    world = a_world("A", "B")
    world.contact("sent", "X", "A", at_nine("01-10"), covers=("B",), collector="ann")
    world.party("T1", "B", moment("01-12"), contact="X", outcome="promise")
    topics: list[list[Received]] = [[], []]
    for event in world.events:
        if event.type in HANDLERS:
            topics[event.key == "B"].append(event)
    memory = Memory()
    for place in order:
        memory.take(topics[place])
    assert numbers(memory.ask("contact_rate", *JANUARY)) == (1, 1)
    assert numbers(memory.ask("right_party_contact_rate", *JANUARY)) == (1, 1)
    by_collector = memory.ask("promise_rate", *JANUARY, group_by=("collector",))
    assert [(g["key"], *numbers(g)) for g in by_collector["groups"]] == [
        ({"collector": "ann"}, 1, 1)
    ]
    earlier = memory.ask("contact_rate", *JANUARY, as_of=on("01-11"))
    assert numbers(earlier) == (0, 1)


def test_the_most_that_was_disputed_counts_by_the_day_on_which_it_was() -> None:
    world = a_world("A")
    for name in ("I1", "I2"):
        world.owes("A", name, 10000, "01-05", "01-20")
    world.dispute("D1", "I1", moment("01-10"), 3000)
    world.resolve("D1", "I1", moment("01-15"))
    world.dispute("D2", "I1", moment("02-05"), 12000)
    memory = of(world)

    def asked(by: str, at: str) -> tuple[Any, Any]:
        return numbers(memory.ask("dispute_rate", *JANUARY, by=by, at=on(at)))

    assert asked("count", "01-31") == (1, 2)
    assert asked("amount", "01-31") == (3000, 20000)
    assert asked("amount", "02-28") == (10000, 20000)

    def accounts(day: str) -> tuple[Any, Any]:
        found = memory.ask("dispute_rate", on("01-01"), on(day), per="account", by="count")
        return numbers(found)

    assert accounts("01-09") == (0, 1)
    assert accounts("01-14") == (1, 1)
    assert accounts("01-15") == (0, 1)
    assert accounts("02-05") == (1, 1)


def test_of_a_placement_only_the_cash_before_the_recall_counts() -> None:
    world = a_world("A")
    world.owes("A", "I1", 10000, "01-01", "01-10")
    world.pay("A", "P1", moment("01-20"), {"I1": 1000})
    world.place("A", "L1", "agency-1", moment("01-25"), {"I1": 9000})
    world.pay("A", "P2", moment("02-01"), {"I1": 2000})
    world.recall("A", "L1", moment("02-10"))
    world.pay("A", "P3", moment("02-20"), {"I1": 3000})
    world.reverse("P2", "R2", moment("03-01"))
    memory = of(world)

    def asked(at: str, **more: Any) -> tuple[Any, Any]:
        found = memory.ask("liquidation_rate", *JANUARY, per="placement", at=on(at), **more)
        return numbers(found["groups"][0] if found["groups"] else found)

    assert asked("02-28") == (2000, 9000)
    assert asked("03-31") == (0, 9000)
    assert asked("02-28", group_by=("agency",)) == (2000, 9000)
    assert asked("02-28", filters={"agency": ("agency-2",)}) == (0, 0)


def test_what_is_not_ripe_is_in_neither_part() -> None:
    world = a_world("A")
    world.owes("A", "I1", 10000, "01-05", "01-20")
    world.owes("A", "I2", 5000, "01-30", "02-28")
    world.pay("A", "P1", moment("02-01"), {"I1": 4000})
    world.pay("A", "P2", moment("05-01"), {"I1": 6000})
    memory = of(world)
    early = memory.ask("at_risk_rate", *JANUARY, at=on("04-19"))
    assert (*numbers(early), early["unripe_minor"]) == (0, 0, 15000)
    then = memory.ask("at_risk_rate", *JANUARY, at=on("04-20"))
    assert (*numbers(then), then["unripe_minor"]) == (6000, 10000, 5000)


def test_an_account_outside_the_experiment_is_in_no_arm() -> None:
    world = a_world("A", "B", "C")
    for account, arm in (("A", "std"), ("B", "call"), ("C", None)):
        arms = {"calls": arm} if arm else {}
        world.segment(account, "late", moment("01-02"), arms)
        world.owes(account, f"{account}1", 1000, "01-10", "01-31")
    memory = of(world)
    more: dict[str, Any] = {"experiment": "calls"}
    found = memory.ask("invoiced", *JANUARY, group_by=("arm",), **more)
    assert [(g["key"]["arm"], g["value"]) for g in found["groups"]] == [
        (None, 1000), ("call", 1000), ("std", 1000),
    ]  # fmt: skip
    assert found["value"] == 3000
    for arms_kept, value in ((("std",), 1000), (("",), 1000), (("std", ""), 2000)):
        kept = memory.ask("invoiced", *JANUARY, filters={"arm": arms_kept}, **more)
        assert kept["value"] == value


def test_the_losses_of_as_many_days_before_are_what_is_reduced() -> None:
    world = a_world("A")
    world.owes("A", "I1", 10000, "01-05", "01-08")
    world.write_off("A", "W1", moment("01-31"), {"I1": 4000})
    world.owes("A", "I2", 10000, "02-05", "02-08")
    world.write_off("A", "W2", moment("02-20"), {"I2": 1000})
    memory = of(world)
    found = memory.ask("loss_reduction", *FEBRUARY)
    assert (found["value"], *numbers(found)) == (0.75, 0.1, 0.4)
    first = memory.ask("loss_reduction", *JANUARY)
    assert (first["value"], *numbers(first)) == (None, 0.4, None)


def test_a_rate_grows_while_answers_to_it_may_come() -> None:
    world = a_world("A")
    world.contact("sent", "X", "A", at_nine("01-20"))
    world.owes("A", "I1", 100, "02-10", "02-20")
    assert of(world).ask("contact_rate", *JANUARY)["grows_until"] == date(2026, 3, 2)
    world.owes("A", "I2", 100, "03-03", "03-20")
    assert of(world).ask("contact_rate", *JANUARY)["grows_until"] is None


def test_a_cost_that_is_withdrawn_was_never_there() -> None:
    world = a_world("A")
    world.cost("C1", 500, on("01-10"))
    world.cost("C2", 700, on("01-11"), account="A")
    assert of(world).ask("cost", *JANUARY)["value"] == 1200
    world.withdraw_cost("C1", on("01-10"))
    memory = of(world)
    assert memory.ask("cost", *JANUARY)["value"] == 700
    assert memory.ask("cost", *JANUARY, by="count")["value"] == 1


def test_a_currency_in_which_only_contacts_cost_something_is_a_group() -> None:
    world = a_world("A")
    world.owes("A", "I1", 1000, "01-05", "01-10")
    world.contact("sent", "X", "A", at_nine("01-12"), channel="sms", cost=70000, currency="USD")
    world.cost("C1", 500, on("01-13"))
    memory = of(world)
    assert memory.ask("invoiced", *JANUARY)["currency"] == "EUR"
    found = memory.ask("cost", *JANUARY)
    assert (found["currency"], found["value"]) == (None, None)
    assert [(g["key"], g["value"]) for g in found["groups"]] == [
        ({"currency": "EUR"}, 500), ({"currency": "USD"}, 7),
    ]  # fmt: skip
    in_euro = memory.ask("cost_to_collect", *JANUARY, currency="EUR")
    assert in_euro["costs_elsewhere"] == [{"currency": "USD", "amount_minor": 7}]


def test_a_bucket_needs_rates_only_of_currencies_that_are_in_it() -> None:
    world = a_world("A")
    world.owes("A", "I1", 10000, "01-05", "02-20")
    world.issue("A", "I2", 500, on("01-05"), on("01-20"), "USD")
    more: dict[str, Any] = {"into": "EUR", "rates": Rates.of("EUR", ())}
    found = of(world).ask("aging", *JANUARY, group_by=("bucket",), **more)
    told = {group["key"]["bucket"]: group["value"] for group in found["groups"]}
    assert (told["current"], told["1-30"], told["31-60"]) == (10000, None, 0)
    assert found["value"] is None


def faults(kpi: str, **asked: Any) -> dict[str, str]:
    """What is wrong with a question, by parameter."""
    query = KpiQuery.model_validate({"from": "2026-01-01", "to": "2026-01-31", **asked})
    with pytest.raises(Invalid) as found:
        question_of(KPIS[kpi], query, None)
    return {each.pointer.removeprefix("/query/"): each.detail for each in found.value.errors}


@pytest.mark.parametrize(
    ("kpi", "asked", "parameters"),
    [
        ("dispute_rate", {"per": "account", "by": "amount"}, {"by"}),
        ("dispute_rate", {"per": "account", "group_by": "currency"}, {"group_by"}),
        ("dispute_rate", {"per": "account", "at": "2026-03-01"}, {"at"}),
        ("dispute_rate", {"per": "contact"}, {"per"}),
        ("liquidation_rate", {"group_by": "agency", "by": "count"}, {"group_by", "by"}),
        ("liquidation_rate", {"agency": "x"}, {"agency"}),
        ("liquidation_rate", {"at": "2026-01-30"}, {"at"}),
        ("cost", {"segment": "a", "group_by": "country"}, {"segment", "group_by"}),
        ("contact_rate", {"per": "contact", "by": "amount"}, {"per", "by"}),
        ("opt_out_rate", {"group_by": "arm"}, {"group_by", "experiment"}),
    ],
)
def test_what_a_kpi_does_not_have_is_refused(
    kpi: str, asked: dict[str, str], parameters: set[str]
) -> None:
    assert set(faults(kpi, **asked)) == parameters


def test_the_first_days_of_the_calendar_can_be_asked_for() -> None:
    """Months back, and as many days before, lie before any day that is told."""
    first = date(1000, 1, 1)
    for kpi in ("dso_countback", "loss_reduction"):
        question = Question(KPIS[kpi], Window(first, date(1000, 1, 2)))
        assert question.slices.bounds[0] < first
