"""Metrics fed with the events of real ledger runs equal pandas over the raw facts, to the cent.

However the topics' events are interleaved and cut into batches.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, cast

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from services.ledger.domain import begin, new_account, record
from services.metrics.domain.kinds.registry import HANDLERS
from shared.business_time import Begun
from shared.events import Received
from tests.metrics_figures import Memory, a_contact, a_segment_changed, an_event, at
from tests.oracles.contact_kpis import suppressed_contact_rate
from tests.oracles.kpi_parts import Told
from tests.oracles.kpis import Books, Portfolio, Window
from tests.oracles.ledger import Model
from tests.oracles.ledger_table import day_of
from tests.unit.ledger_oracle.scenarios import Batch, Story, stories

FAR_OFF = timedelta(days=400)  # every day that matters has begun in the end
RATIOS = (
    "recovery_rate",
    "dso",
    "best_possible_dso",
    "average_days_delinquent",
    "average_days_late",
    "collection_effectiveness_index",
)

AT_MOST_ONE = ("recovery_rate", "collection_effectiveness_index")


def ledger_events(story: Story, key: str) -> list[Received]:
    """What the ledger says of a story; it is recorded as its days begin."""
    account, begun = new_account(key, story.tenant_zone), Begun()
    recorded = datetime(2026, 1, 1, tzinfo=UTC)
    said = []
    last = Begun(story.look_on + FAR_OFF, None)
    for step in (*story.steps, Batch(begun=last)):
        if step.begun is not None:
            begun = step.begun
            day = begun.on("UTC")
            assert day is not None
            recorded = max(recorded, datetime(day.year, day.month, day.day, tzinfo=UTC))
            decision = begin(account, begun)
        else:
            facts = [structs.replace(fact, recordedtime=recorded) for fact in step.facts]
            decision = record(account, facts, begun)
        said += [(each, each.recordedtime or recorded) for each in decision.announcements]
    return [
        an_event(
            each.type,
            cast(Struct, each.data),
            key=key,
            sequence=number,
            time=each.time,
            day=each.day,
            recordedtime=known,
        )
        for number, (each, known) in enumerate(said, start=1)
    ]


@st.composite
def segment_histories(
    draw: Callable[[st.SearchStrategy[Any]], Any], base: date
) -> list[tuple[datetime, str, datetime]]:
    """(since, segment, when that was recorded), in the order in which they are said."""
    changes: list[tuple[datetime, str, datetime]] = draw(
        st.lists(
            st.tuples(
                st.integers(-5, 120).map(
                    lambda n: (
                        datetime(base.year, base.month, base.day, 11, tzinfo=UTC)
                        + timedelta(days=n)
                    )
                ),
                st.sampled_from(("a", "b", "c")),
                st.integers(0, 150).map(
                    lambda n: (
                        datetime(base.year, base.month, base.day, tzinfo=UTC) + timedelta(days=n)
                    )
                ),
            ),
            max_size=4,
            unique_by=lambda change: change[0],
        )
    )
    return changes


@st.composite
def interleavings(
    draw: Callable[[st.SearchStrategy[Any]], Any], topics: list[list[Received]]
) -> list[list[Received]]:
    """Each topic in its order, the topics in any, cut into batches of any size."""
    left = [list(events) for events in topics if events]
    order: list[Received] = []
    while left:
        topic = left[draw(st.integers(0, len(left) - 1))]
        run = draw(st.sampled_from((1, 2, 5, 50)))
        order += topic[:run]
        del topic[:run]
        left = [events for events in left if events]
    size = draw(st.sampled_from((1, 3, 500)))
    return [order[start : start + size] for start in range(0, len(order), size)]


def equal(told: dict[str, Any], expected: Told) -> bool:
    value, numerator, denominator = expected
    return (told["value"], told["numerator"], told["denominator"]) == (
        float(value) if isinstance(value, Fraction) else value,
        _number(numerator),
        None if denominator is None else _number(denominator),
    )


def _number(number: Fraction | int) -> float | int:
    return int(number) if number == int(number) else float(number)


SETTINGS = settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking through pandas takes minutes
)


@SETTINGS
@given(st.data())
def test_every_kpi_equals_pandas_over_the_raw_facts(data: st.DataObject) -> None:
    told = [data.draw(stories()) for _ in range(data.draw(st.integers(1, 2)))]
    memory, portfolio = _run(data, told)
    base = told[0].look_on
    for _ in range(2):
        start = base + timedelta(days=data.draw(st.integers(-90, 60)))
        end = start + timedelta(days=data.draw(st.sampled_from((0, 6, 30, 89, 200))))
        for currency in ("EUR", "USD"):
            check_window(memory, portfolio.ask(currency, start, end), currency, start, end)
            check_segments(memory, portfolio, currency, start, end)


def _run(data: st.DataObject, told: list[Story]) -> tuple[Memory, Portfolio]:
    topics: list[list[Received]] = []
    books: list[Books] = []
    for number, story in enumerate(told, start=1):
        key = f"C{number}"
        events = ledger_events(story, key)
        topics.append([event for event in events if event.type in HANDLERS])
        base = story.look_on - timedelta(days=60)
        changes = data.draw(segment_histories(base))
        segments = [
            a_segment_changed(
                to, time=since, day=_day(story, since), key=key, sequence=n, recordedtime=known
            )
            for n, (since, to, known) in enumerate(changes, start=1)
        ]
        topics.append(segments)
        books.append(
            Books(key, story.facts, story.tenant_zone, [(since, to) for since, to, _ in changes])
        )
    memory = Memory()
    for batch in data.draw(interleavings(topics)):
        memory.take(batch)
    return memory, Portfolio(books)


def _day(story: Story, instant: datetime) -> date:
    return day_of(instant, Model(story.facts, story.tenant_zone).zone)


def check_window(memory: Memory, window: Window, currency: str, start: date, end: date) -> None:
    for name in RATIOS:
        found = memory.ask(name, start, end, currency=currency)
        expected = getattr(window, name)()
        assert equal(found, expected), (name, start, end, found, expected)
        if name in AT_MOST_ONE:
            assert found["value"] is None or found["value"] <= 1, (name, start, end, found)
    for name in ("invoiced", "received"):
        for by in ("amount", "count"):
            found = memory.ask(name, start, end, currency=currency, by=by)
            assert equal(found, getattr(window, name)(by)), (name, by, start, end, found)
    for by in ("amount", "count"):
        found = memory.ask("aging", start, end, currency=currency, group_by=("bucket",), by=by)
        buckets = {group["key"]["bucket"]: group["value"] for group in found["groups"]}
        assert (buckets or dict.fromkeys(window.aging(), 0)) == window.aging(by)
        assert found["value"] == sum(window.aging(by).values())


def check_segments(
    memory: Memory, portfolio: Portfolio, currency: str, start: date, end: date
) -> None:
    for name in (*RATIOS, "invoiced", "received"):
        found = memory.ask(name, start, end, currency=currency, group_by=("segment",))
        for group in found["groups"]:
            segment = group["key"]["segment"] or ""
            expected = getattr(portfolio.ask(currency, start, end, segment), name)()
            if name in AT_MOST_ONE:
                assert group["value"] is None or group["value"] <= 1, (name, segment, group)
            assert equal(group, expected), (name, segment, start, end, group, expected)


@SETTINGS
@given(st.data())
def test_neither_order_nor_batches_show_in_any_answer(data: st.DataObject) -> None:
    story = data.draw(stories())
    topics = [
        [event for event in ledger_events(story, "C1") if event.type in HANDLERS],
        [
            a_segment_changed(to, time=since, sequence=n, recordedtime=known)
            for n, (since, to, known) in enumerate(
                data.draw(segment_histories(story.look_on - timedelta(days=60))), start=1
            )
        ],
    ]
    ran = []
    for _ in range(2):
        memory = Memory()
        for batch in data.draw(interleavings(topics)):
            memory.take(batch)
        ran.append(memory)
    as_of = story.look_on + timedelta(days=data.draw(st.integers(-60, 60)))
    start = story.look_on - timedelta(days=70)
    for name in (*RATIOS, "aging", "invoiced", "received"):
        answers = [
            memory.ask(
                name,
                start,
                story.look_on,
                as_of=as_of,
                interval="week",
                group_by=("segment", "currency"),
            )
            for memory in ran
        ]
        assert answers[0] == answers[1]


RULES = ("contact-hours", "live-check-unanswered", "no-address")
said_of_contacts = st.lists(
    st.tuples(
        st.integers(1, 9),  # of March
        st.sampled_from(("K1", "K2", "K3")),
        st.sampled_from(("planned", *RULES)),
    ),
    max_size=12,
).map(sorted)


@SETTINGS
@given(said_of_contacts, st.integers(1, 9), st.integers(0, 8))
def test_suppressed_contacts_count_once_and_once_by_rule(
    said: list[tuple[int, str, str]], first: int, days: int
) -> None:
    memory = Memory()
    rows = []
    for number, (day, contact, what) in enumerate(said, start=1):
        result, rule = ("planned", "") if what == "planned" else ("suppressed", what)
        rows.append((date(2026, 3, day), contact, result, rule))
        time = at(f"2026-03-{day:02}")
        memory.take(
            [a_contact(f"contact-{result}", contact, time=time, rule=rule, sequence=number)]
        )
    start, end = date(2026, 3, first), date(2026, 3, first + days)
    found = memory.ask("suppressed_contact_rate", start, end, group_by=("rule",))
    assert equal(found, suppressed_contact_rate(rows, start, end))
    for group in found["groups"]:
        rule = group["key"]["rule"]
        assert equal(group, suppressed_contact_rate(rows, start, end, rule)), rule
    assert equal(
        memory.ask("suppressed_contact_rate", start, end),
        suppressed_contact_rate(rows, start, end),
    )
