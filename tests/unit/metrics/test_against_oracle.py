"""Metrics fed with the events of real ledger runs equal the oracle over the raw facts, to the cent.

However the topics' events are interleaved and cut into batches.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from services.ledger.domain import begin, new_account, record
from services.metrics.domain.kinds.registry import HANDLERS
from shared.business_time import Begun
from shared.events import Received
from tests.metrics_figures import Memory, a_contact, a_segment_changed, an_event, at
from tests.oracles.ledger import Model
from tests.oracles.ledger_table import day_of
from tests.oracles.metrics.answers import Question, answer
from tests.oracles.metrics.book import Book
from tests.oracles.metrics.facts import Facts, book_of
from tests.oracles.metrics.reading import read
from tests.portfolios.questions import differences
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


SETTINGS = settings(
    max_examples=15,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
)


@SETTINGS
@given(st.data())
def test_every_kpi_of_money_equals_the_oracle_over_the_raw_facts(data: st.DataObject) -> None:
    told = [data.draw(stories()) for _ in range(data.draw(st.integers(1, 2)))]
    memory, book, events = _run(data, told)
    of_events = read(events)
    base = told[0].look_on
    for _ in range(2):
        start = base + timedelta(days=data.draw(st.integers(-90, 60)))
        end = start + timedelta(days=data.draw(st.sampled_from((0, 6, 30, 89, 200))))
        for name in (*RATIOS, "invoiced", "received", "aging"):
            for currency in ("EUR", "USD"):
                question = Question(name, start, end, currency, group_by=("segment",))
                check(memory, book, question)
                check(memory, of_events, question)
                if name in ("invoiced", "received", "aging"):
                    check(memory, book, replace(question, by="count"))
                if name == "aging":
                    check(memory, book, replace(question, group_by=("bucket",)))


def check(memory: Memory, book: Book, question: Question) -> None:
    found = memory.ask(
        question.name,
        question.start,
        question.end,
        currency=question.currency,
        group_by=question.group_by,
        by=question.by or question.figure.by[0],
    )
    wrong = list(differences(question, found, answer(book, question)))
    assert not wrong, wrong[0]
    for each in (found, *found["groups"]) if question.name in AT_MOST_ONE else ():
        assert each["value"] is None or each["value"] <= 1, (question, each)


def _run(data: st.DataObject, told: list[Story]) -> tuple[Memory, Book, list[Received]]:
    topics: list[list[Received]] = []
    books: list[Facts] = []
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
            Facts(key, story.facts, story.tenant_zone, [(since, to) for since, to, _ in changes])
        )
    memory = Memory()
    for batch in data.draw(interleavings(topics)):
        memory.take(batch)
    return memory, book_of(books), [event for topic in topics for event in topic]


def _day(story: Story, instant: datetime) -> date:
    return day_of(instant, Model(story.facts, story.tenant_zone).zone)


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
    memory, events = Memory(), []
    for number, (day, contact, what) in enumerate(said, start=1):
        result, rule = ("planned", "") if what == "planned" else ("suppressed", what)
        time = at(f"2026-03-{day:02}")
        events.append(
            a_contact(f"contact-{result}", contact, time=time, rule=rule, sequence=number)
        )
    memory.take(events)
    start, end = date(2026, 3, first), date(2026, 3, first + days)
    for group_by in (("rule",), ()):
        question = Question("suppressed_contact_rate", start, end, group_by=group_by)
        check(memory, read(events), question)
