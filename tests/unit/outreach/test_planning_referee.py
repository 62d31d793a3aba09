"""Planning and its referee, side by side: the golden stories, stories by chance, and those in which
they have not agreed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from services.outreach.dunning.domain.strategy import HandOver, Send, Step, Strategy, on_ladder
from tests.oracles.dunning import Entry, Referee, slots
from tests.oracles.dunning_books import Books
from tests.oracles.dunning_records import Fact
from tests.unit.outreach.dunning_stories import FIRST, LAST, Told, a_story
from tests.unit.outreach.planning_world import message, retail
from tests.unit.outreach.story_world import StoryWorld


def fact(day: str, kind: str, name: str = "", **more: Any) -> Fact:
    until = more.pop("until", None)
    until = None if until is None else date.fromisoformat(until)
    return Fact(date.fromisoformat(day), kind, name, until=until, **more)


def the_invoice(euros: int = 120, due_on: str = "2027-03-02", name: str = "I1") -> Fact:
    return fact("2027-02-15", "invoice", name, until=due_on, minor=euros * 100)


def told(*facts: Fact, strategy: Strategy | None = None, **more: Any) -> Told:
    reached = set(more.pop("reached", ()))
    start = date.fromisoformat(more.pop("contact_from", "2000-01-01"))
    pays = {"C1": more.pop("pays_within", None)}
    return Told({"C1": strategy or retail()}, list(facts), pays, reached, start)


def diaries(story: Told, is_daily: bool = True) -> tuple[list[Entry], list[Entry]]:
    """The referee's and the planner's; what happens at one instant has no order."""
    books = Books(dict(story.strategies), dict(story.pays_within), reached=set(story.reached))
    referee = Referee(books, story.facts, story.contact_from).run(FIRST, LAST)
    world = StoryWorld(
        dict(story.strategies), story.facts, pays_within=dict(story.pays_within),
        reached=set(story.reached), contact_from=story.contact_from, is_daily=is_daily,
    ).run(FIRST, LAST)  # fmt: skip
    return sorted(referee, key=_order), sorted(world, key=_order)


def _order(entry: Entry) -> Any:
    return entry.at, entry.channel, entry.items


def agreed(story: Told) -> list[str]:
    """The diary on which all agree, without what each contact covers."""
    for is_daily in (True, False):
        referee, planner = diaries(story, is_daily)
        assert referee == planner
    return [str(entry).partition(" [")[0] for entry in referee]


THE_BEGINNING = [
    "02-23 09:00 upcoming email",
    "03-03 09:00 reminder email",
    "03-08 17:00 text sms",
]
OTHER = Strategy(
    name="other",
    version="1",
    ladder=on_ladder(
        [
            message("a", 1, "email"),
            message("b", 10, "email"),
            message("c", 17, "email", tone="neutral"),
            message("d", 40, "email", tone="neutral"),
        ]
    ),
)


@pytest.mark.parametrize(
    ("story", "rest"),
    [
        pytest.param(
            told(the_invoice(300), pays_within=0.4),
            [
                "03-15 09:00 second email", "03-22 09:00 firm email", "04-02 08:00 call person",
                "04-09 16:00 final letter", "04-23 08:00 agency hand-over",
            ],
            id="G1",
        ),
        pytest.param(
            told(the_invoice(), fact("2027-03-14", "pay", "P1", invoices=("I1",), minor=2000)),
            [
                "03-17 09:00 second email", "03-22 09:00 firm email", "04-09 16:00 final letter",
            ],
            id="G3",
        ),
        pytest.param(
            told(
                the_invoice(), fact("2027-03-09", "promise", "R1", until="2027-03-19"),
                fact("2027-03-23", "judge", "R1", word="broken"),
            ),
            [
                "03-18 09:00 promise-day sms", "03-24 09:00 broken sms",
                "03-26 08:00 broken-call person", "03-29 09:00 firm email",
                "04-15 16:00 final letter",
            ],
            id="G4",
        ),
        pytest.param(
            told(
                the_invoice(), fact("2027-03-10", "dispute", "D1", invoices=("I1",)),
                fact("2027-04-09", "resolve", "D1", invoices=("I1",)),
            ),
            [
                "04-12 09:00 second email", "04-20 09:00 firm email", "05-10 16:00 final letter",
            ],
            id="G5",
        ),
        pytest.param(
            told(the_invoice(), fact("2027-03-17", "strategy", strategy=OTHER)),
            ["03-15 09:00 second email", "03-19 09:00 c email", "04-12 09:00 d email"],
            id="G6",
        ),
    ],
)  # fmt: skip
def test_out_golden_stories_by_both(story: Told, rest: list[str]) -> None:
    """OUT-G1, OUT-G3 to OUT-G6."""
    assert agreed(story) == [*THE_BEGINNING, *rest]


def test_out_g2_by_both() -> None:
    """OUT-G2."""
    assert agreed(told(the_invoice(), the_invoice(40, "2027-03-05", "I2"))) == [
        "02-23 09:00 upcoming email", "02-26 09:00 upcoming email", "03-03 09:00 reminder email",
        "03-08 17:00 text sms", "03-11 17:00 text sms", "03-15 09:00 second email",
        "03-25 09:00 firm email", "04-09 16:00 final letter", "04-12 16:00 final letter",
    ]  # fmt: skip


def test_out_g7_by_both() -> None:
    """OUT-G7."""
    assert agreed(told(the_invoice(), fact("2027-03-03", "bounce", word="email")))[:6] == [
        "02-23 09:00 upcoming email", "03-03 09:00 reminder email", "03-03 10:00 reminder sms",
        "03-08 17:00 text sms", "03-15 09:00 second sms", "03-22 16:00 firm letter",
    ]  # fmt: skip


def test_out_g8_by_the_referee() -> None:
    """OUT-G8."""
    given = slots(range(88, 100), start=2, factor=2, most=5)
    assert [(day, len(who)) for day, who in given] == [(0, 2), (1, 4), (2, 5), (3, 1)]
    assert [who for _, some in given for who in some] == list(range(99, 87, -1))


def test_out_g14_by_both() -> None:
    """OUT-G14."""
    found: list[str] = []
    for euros, due_on, pays in (
        (120, "2027-03-01", None),
        (60, "2027-03-05", None),
        (300, "2027-02-08", 0.4),
    ):
        bill = fact("2027-03-01", "invoice", "I1", until=due_on, minor=euros * 100)
        found += agreed(told(bill, reached=["C1"], pays_within=pays))
    in_time = sorted(line for line in found if line[:5] <= "03-14")
    assert [(line[:5], line.split()[-1]) for line in in_time] == [
        ("03-01", "email"), ("03-01", "email"), ("03-01", "email"), ("03-04", "email"),
        ("03-08", "email"), ("03-08", "sms"), ("03-11", "person"), ("03-11", "sms"),
    ]  # fmt: skip


@pytest.mark.parametrize("is_daily", [True, False])
def test_planner_and_referee_agree(is_daily: bool) -> None:
    """Whether somebody plans each day, or only when something happens or is due."""
    for seed in range(0 if is_daily else 30, 30 if is_daily else 60):
        referee, planner = diaries(a_story(seed), is_daily)
        assert referee == planner, f"story {seed}"


# ------------------------------------------------------------- where they have not agreed


def a_strategy(*steps: Step, **more: Any) -> Strategy:
    return Strategy(name="s", version="1", ladder=on_ladder(steps), **more)


def after(step: str, days: int, *channels: str, **more: Any) -> Step:
    return Step(
        name=step, anchor="last-contact", days=days, channels=channels, tone="friendly",  # type: ignore[arg-type]
        template=step, **more,
    )  # fmt: skip


def rich() -> Any:
    return retail().ladder[-1].when  # from 200.00 on


def test_who_was_never_contacted_is_not_kept_waiting_by_a_step_that_does_not_apply() -> None:
    ladder = a_strategy(message("a", 11, "email", when=rich()), message("b", 18, "email"))
    assert agreed(told(the_invoice(), strategy=ladder)) == ["03-22 09:00 b email"]


def test_a_late_start_is_the_same_whenever_it_is_planned() -> None:
    """The first contact waits for its weekend, while the next step's day comes."""
    ladder = a_strategy(
        message("a", 6, "email"), message("b", 7, "email", send=Send()), message("c", 20, "email"),
        send=Send(days=("sat", "sun")),
    )  # fmt: skip
    story = told(the_invoice(due_on="2027-03-20"), strategy=ladder)
    assert agreed(story) == ["03-27 09:00 a email", "03-30 09:00 b email", "04-10 09:00 c email"]


def test_a_reminder_waits_for_the_end_of_a_hold_alone() -> None:
    """The ladder goes on the day after; before the due day it is the hold that counts."""
    facts = [the_invoice(), fact("2027-02-20", "hold", "H1"), fact("2027-02-26", "release", "H1")]
    assert agreed(told(*facts))[0] == "02-26 09:00 upcoming email"


def test_what_counts_from_the_last_contact_is_not_made_before_there_is_one() -> None:
    ladder = a_strategy(
        message("a", -4, "email", when=rich()), after("b", 1, "sms"), message("c", 1, "email")
    )
    assert agreed(told(the_invoice(), strategy=ladder)) == ["03-03 09:00 c email"]


def test_a_step_that_comes_before_an_earlier_one_is_not_kept_waiting() -> None:
    ladder = a_strategy(message("a", 1, "email"), after("b", 5, "sms"), message("c", 7, "email"))
    bill = fact("2027-03-06", "invoice", "I1", until="2027-03-02", minor=12000)
    found = agreed(told(bill, strategy=ladder, reached=["C1"]))
    assert found == ["03-08 09:00 a email", "03-11 09:00 c email"]


def test_a_later_step_that_has_come_covers_a_hand_over() -> None:
    hand_over = Step(
        name="b", anchor="due", days=18, hand_over=HandOver(kind="agency", to="x"), tone="firm"
    )  # a Saturday
    call = Step(name="c", anchor="due", days=19, channels=("person",), tone="firm")
    ladder = a_strategy(message("a", 1, "email"), hand_over, call)
    assert agreed(told(the_invoice(), strategy=ladder)) == [
        "03-03 09:00 a email",
        "03-22 08:00 c person",
    ]


def test_a_payment_after_a_claim_has_run_out_does_not_make_it_longer() -> None:
    facts = [
        the_invoice(),
        fact("2027-03-04", "pause", "X1", word="claim"),
        fact("2027-04-20", "pay", "P1", invoices=("I1",), minor=100),
    ]
    quietly = agreed(told(*facts[:2]))
    assert agreed(told(*facts))[: len(quietly)] == quietly


def test_the_last_judgement_of_a_promise_is_answered() -> None:
    facts = [
        the_invoice(),
        fact("2027-03-09", "promise", "R1", until="2027-03-19"),
        fact("2027-03-20", "judge", "R1", word="partly_kept"),
        fact("2027-03-21", "judge", "R1", word="broken"),
    ]
    assert "03-22 09:00 broken sms" in agreed(told(*facts))


def test_a_firmer_step_that_comes_while_a_text_waits_takes_its_own_hours() -> None:
    """The text waits for the gap until the day on which the firm step comes."""
    facts: Sequence[Fact] = (the_invoice(due_on="2027-03-11"), the_invoice(120, "2027-02-25", "I2"))
    assert "03-22 09:00 firm email" in agreed(told(*facts))


def test_what_a_broken_promise_skips_is_skipped_for_every_pause_that_ends_after_it() -> None:
    """The hold ends between the judgement and the promise's own resume day."""
    facts = [
        the_invoice(),
        fact("2027-03-09", "promise", "R1", until="2027-03-19"),
        fact("2027-03-10", "hold", "H1"),
        fact("2027-03-23", "judge", "R1", word="broken"),
        fact("2027-03-25", "release", "H1"),
    ]
    assert agreed(told(*facts))[-2:] == ["03-29 09:00 firm email", "04-15 16:00 final letter"]
