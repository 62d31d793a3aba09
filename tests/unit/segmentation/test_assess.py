"""What an assessment comes to, what is said of it, and that segments see the ledger alone."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.segmentation.commands.scoring import published
from services.segmentation.domain.account import Account, known_on
from services.segmentation.domain.announcements import Before, Cause, announce, announce_rescored
from services.segmentation.domain.assess import Assessment, assess, update_commitments
from services.segmentation.domain.experiments import Experiment, parse
from services.segmentation.domain.fold import fold
from services.segmentation.domain.policy import Policy, parse_text
from services.segmentation.domain.recovery import expected_loss_of, expected_recovery
from services.segmentation.domain.rules import Rules
from services.segmentation.settings import DEFAULT_POLICY
from shared.events import LEDGER
from shared.events.segmentation import AccountScored, SegmentChanged
from tests.unit.segmentation.builders import ACCOUNT, Story, at, day
from tests.unit.segmentation.test_account import steps, story_of

POLICY: Policy = parse_text(DEFAULT_POLICY.read_text(encoding="utf-8"))
RULES = Rules(policy=POLICY)
NEW = Before(None, {}, None, None)


def past_due() -> Story:
    story = Story().registered(0).issued("I1", 1, due=14, balance=10_000)
    return story.overdue("I1", 45, due=14, stage=31, balance=10_000, overdue=10_000)


def before_of(found: Assessment) -> Before:
    pays = found.answers["pays_within"]
    return Before(found.segment, found.arms, pays.probability, pays.version)


def test_a_change_of_segment_is_announced_with_its_causes_times() -> None:
    story = past_due()
    found = assess(story.folded(), ACCOUNT, RULES)
    cause = Cause.of(story.events[-1])
    assert announce(ACCOUNT, before_of(found), found, cause, RULES) == []
    scored, changed = announce(ACCOUNT, NEW, found, cause, RULES)
    assert [scored.type, changed.type] == ["account-scored", "segment-changed"]
    cause_event = story.events[-1]
    for event in [published(one, cause_event, ACCOUNT) for one in (scored, changed)]:
        assert (event.time, event.day, event.recordedtime) == (at(45), day(45), at(45))
        assert (event.key, event.causationid) == (ACCOUNT, story.events[-1].id)
    assert isinstance(scored.data, AccountScored)
    assert isinstance(changed.data, SegmentChanged)
    assert (changed.data.from_segment, changed.data.to_segment) == (None, "negotiate")
    assert changed.data.because == "invoice-overdue"
    assert scored.data.probability == found.pays_within
    assert scored.data.expected_recovery_minor == found.expected_recovery_minor > 0


def test_a_rescore_says_a_new_score_alone_where_the_segment_stays() -> None:
    found = assess(past_due().folded(), ACCOUNT, RULES)
    instant = datetime(2026, 6, 1, tzinfo=UTC)
    cause = Cause(
        id="rescoring 1",
        because="model-promoted m",
        time=instant,
        day=instant.date(),
    )
    same = before_of(found)
    assert announce_rescored(ACCOUNT, same, found, cause, RULES) == []
    other = Before(found.segment, {}, 0.1, "a model")
    said = announce_rescored(ACCOUNT, other, found, cause, RULES)
    assert [event.type for event in said] == ["account-scored"]
    moved = Before("current", {}, 0.1, "a model")
    types = [event.type for event in announce_rescored(ACCOUNT, moved, found, cause, RULES)]
    assert types == ["account-scored", "segment-changed"]


def test_an_experiment_gives_an_arm_that_is_said_and_kept() -> None:
    design = parse(
        {
            "description": "tone",
            "champion": "a",
            "arms": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}],
        }
    )
    run = Experiment(tenant="demo", name="tone", run=1, design=design)
    story = past_due()
    account = story.folded()
    update_commitments(account, assess(account, ACCOUNT, RULES))
    rules = Rules(policy=POLICY, experiments=(run,))
    found = assess(account, ACCOUNT, rules)
    assert found.arms["tone"] in {"a", "b"}
    said = announce(ACCOUNT, Before(found.segment, {}, None, None), found, _cause(story), rules)
    assert isinstance(said[1].data, SegmentChanged)
    assert said[1].data.from_segment == said[1].data.to_segment
    update_commitments(account, found)
    assert assess(account, ACCOUNT, rules).arms == found.arms


def _cause(story: Story) -> Cause:
    return Cause.of(story.events[-1])


def test_the_day_of_a_belief_never_lies_before_what_was_said() -> None:
    story = past_due()
    assert known_on(Account()) is None
    assert known_on(story.folded()) == day(45)
    late = msgspec.structs.replace(story.paid("P1", 20, {"I1": 10}).events[-1], recordedtime=at(60))
    story.events[-1] = late
    account = story.folded()
    assert (account.latest_on, known_on(account)) == (day(45), day(60))


@settings(max_examples=100)
@given(chosen=steps, data=st.data())
def test_the_segments_history_does_not_depend_on_when_contacts_are_read(
    chosen: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    events = story_of(chosen).events
    ours = [event for event in events if event.topic == LEDGER]
    theirs = [event for event in events if event.topic != LEDGER]
    mixed = []
    while ours or theirs:
        source = ours if not theirs or (ours and data.draw(st.booleans())) else theirs
        mixed.append(source.pop(0))
    histories = []
    for order in (events, mixed):
        account, segments = Account(), []
        for event in order:
            fold(account, ACCOUNT, event)
            if event.topic == LEDGER:
                found = assess(account, ACCOUNT, RULES)
                update_commitments(account, found)
                segments.append((found.segment, found.pays_within, found.watched))
        histories.append((segments, account.commitments))
    assert histories[0] == histories[1]


@pytest.mark.parametrize(
    ("bounced", "received", "usual", "loss"),
    [(0, 10_000, 1_000, 0), (500, 5_000, 1_000, 500), (10_000, 0, 0, 10_000)],
)
def test_what_was_taken_back_lowers_what_is_expected(
    bounced: int, received: int, usual: int, loss: int
) -> None:
    assert expected_loss_of(bounced, received, usual) == loss
    assert expected_recovery(10_000, 0.5, loss) == 5_000 * (10_000 - loss) // 10_000
