"""What holds of planning whatever happens: nothing twice, nothing inside a pause, in any order."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.debtors.domain.invoices import Resume
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain import planning
from services.outreach.dunning.domain.debtor_facts import StepMade
from services.outreach.dunning.domain.pauses import ends
from services.outreach.dunning.domain.strategy import Strategy, on_ladder
from shared.clock import local_day
from tests.unit.outreach.builders import Post
from tests.unit.outreach.planning_world import BERLIN, PlanningWorld, local, message, retail

DAYS = st.integers(0, 80)
DUE_ON = date(2027, 3, 2)


@st.composite
def ladders(draw: st.DrawFn) -> Strategy:
    """Strategies by e-mail and text, whose steps have the names and days that come."""
    days = sorted(draw(st.sets(st.integers(-7, 60), min_size=1, max_size=5) | st.just({1, 5, 12})))
    if days[-1] <= 0:
        days.append(1)
    steps = [
        message(draw(st.sampled_from("abcdefgh")) + str(n), day, "email", "sms")
        for n, day in enumerate(days)
    ]
    return Strategy(name="s", version=draw(st.sampled_from("123")), ladder=on_ladder(steps))


@settings(max_examples=25, deadline=None)
@given(changes=st.dictionaries(DAYS, ladders() | st.just(retail()), max_size=4))
def test_no_step_is_made_twice_under_any_sequence_of_strategies(
    changes: dict[int, Strategy],
) -> None:
    """The world itself refuses a step at or below the position."""

    def to(strategy: Strategy) -> object:
        def change(world: PlanningWorld) -> None:
            world.strategy = strategy

        return change

    first = date(2027, 2, 20)
    happens = {(first + timedelta(days=n)).isoformat(): to(s) for n, s in changes.items()}
    world = PlanningWorld(happens=happens)  # type: ignore[arg-type]
    world.invoice("I1", DUE_ON.isoformat(), 120)
    world.invoice("I2", "2027-03-05", 40)
    world.run("2027-02-20", "2027-04-30")
    days = [line[:5] for line in world.diary if "person" not in line and "hand-over" not in line]
    assert len(days) == len(set(days))  # one message a day


@settings(max_examples=25, deadline=None)
@given(hours=st.lists(st.integers(0, 59 * 24), max_size=6))
def test_runs_at_further_instants_change_nothing(hours: list[int]) -> None:
    plain, watched = PlanningWorld(), PlanningWorld()
    for world in (plain, watched):
        world.invoice("I1", DUE_ON.isoformat(), 120)
    start = local("2027-02-20 00:00")
    extra: dict[date, list[int]] = {}
    for hour in hours:
        extra.setdefault(local_day(start + timedelta(hours=hour), BERLIN), []).append(hour)
    day = date(2027, 2, 20)
    while day < date(2027, 4, 20):
        watched.run(day.isoformat(), day.isoformat())
        for hour in sorted(extra.get(day, [])):
            watched._due(start + timedelta(hours=hour))
        day += timedelta(days=1)
    assert watched.diary == plain.run("2027-02-20", "2027-04-19")


PAUSES = st.builds(
    lambda kind, start, length, outcome: Stop(
        "C1",
        f"{kind} {start}",
        kind,
        None,
        None,
        DUE_ON + timedelta(days=start),
        None if length is None else DUE_ON + timedelta(days=start + length),
        outcome,
    ),
    st.sampled_from(["promise", "plan", "hold", "placed", "manual", "claim", "reply"]),
    st.integers(-10, 40),
    st.integers(1, 30) | st.none(),
    st.sampled_from(["kept", "broken", None]),
)


@settings(max_examples=25, deadline=None)
@given(stops=st.lists(PAUSES, max_size=3, unique_by=lambda stop: stop.name))
def test_nothing_of_the_ladder_leaves_inside_a_pause(stops: list[Stop]) -> None:
    """All pauses are known from the beginning, those to come too."""
    world = PlanningWorld(stops={stop.name: stop for stop in stops})
    world.invoice("I1", DUE_ON.isoformat(), 120)
    world.run("2027-02-20", "2027-04-30")
    for steps in world.steps.values():
        for step in steps.values():
            for stop in stops:
                until = ends(stop, world.strategy, None)  # claims and answers end by themselves
                assert not replace(stop, ended_on=until).stands_on(step.made_on), (step, stop)


@settings(max_examples=25, deadline=None)
@given(
    data=st.data(),
    stops=st.lists(PAUSES, max_size=3, unique_by=lambda stop: stop.name),
    resumes=st.lists(st.integers(0, 40), max_size=3, unique=True),
    made=st.sets(st.sampled_from([-7, 1, 5, 12, 20]), max_size=4),
)
def test_the_order_of_facts_does_not_matter(
    data: st.DataObject, stops: list[Stop], resumes: list[int], made: set[int]
) -> None:
    world = PlanningWorld(is_contacted=True)
    world.invoice("I1", DUE_ON.isoformat(), 120)
    world.invoice("I2", "2027-03-05", 70)
    world._begin(date(2027, 4, 20))
    found = [Resume(DUE_ON + timedelta(days=n), "disputed") for n in resumes]
    steps = [StepMade(n, f"s{n}", DUE_ON + timedelta(days=n)) for n in sorted(made)]

    def facts(order: list[int]) -> object:
        def ordered(values: list) -> tuple:  # type: ignore[type-arg]
            return tuple(sorted(values, key=lambda v: order[values.index(v) % len(order)]))

        debtor = world.facts()
        invoices = [
            replace(i, resumes=ordered(found)) if i.invoice_id == "I1" else i
            for i in debtor.invoices
        ]
        return replace(
            debtor,
            invoices=ordered(invoices),
            stops=ordered(stops),
            steps={("C1", "invoice", "I1", DUE_ON, ""): ordered(steps)},
        )

    at = local("2027-04-20 00:00")
    one = planning.plan(facts([0, 1, 2, 3, 4]), at, Post())  # type: ignore[arg-type]
    order = data.draw(st.permutations([0, 1, 2, 3, 4]))
    other = planning.plan(facts(order), at, Post())  # type: ignore[arg-type]
    assert one == other
