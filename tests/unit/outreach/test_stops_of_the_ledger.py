"""What outreach and segmentation fold of agreements is what the ledger says of them."""

from datetime import date

import pytest

from services.ledger.domain.stops import Stop as LedgerStop
from services.ledger.domain.stops import stops as stops_of_the_ledger
from services.outreach.debtors.domain.stops import STOP_FOLDS, Stop, without_end
from services.segmentation.domain.account import Account
from services.segmentation.domain.features import features_of
from services.segmentation.domain.fold import fold
from tests.unit.ledger.announced import received
from tests.unit.ledger.arrangements import stories
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.telling import Story, tell


def _named(stop: Stop) -> tuple[str, str]:
    noun, _, name = stop.name.partition(" ")
    return (stop.kind, name.partition(":")[2] if noun == "pending" else name)


def _agreed(found: list[LedgerStop]) -> set[tuple[str, str]]:
    kinds = ("promise", "plan", "settlement")
    return {(stop.kind, stop.id) for stop in found if stop.kind in kinds}


STORIES = {
    name: getattr(stories, name) for name in ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8")
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_readers_agree_with_the_ledger_after_every_step_of_a_story(story: Story) -> None:
    """Told whole, and cut off after each of its steps."""
    for length in range(1, len(story) + 1):
        engine = Engine()
        tell(story[:length], engine)
        _compare(engine)


def _compare(engine: Engine) -> None:
    events = received(engine.said)
    held: dict[str, Stop] = {}
    account = Account()
    for event in events:
        if event.type in STOP_FOLDS:
            STOP_FOLDS[event.type](held, event, event.decode())
        fold(account, "C1", event)
    wanted = stops_of_the_ledger(engine.account, engine.account.aged_on)
    open_ended = without_end(held.values())
    agreed = {_named(stop) for stop in open_ended if stop.kind not in ("hold", "placed")}
    assert agreed == _agreed(wanted)
    today = engine.account.aged_on or date(2027, 1, 1)
    holds = {_named(s)[1] for s in held.values() if s.kind == "hold" and s.stands_on(today)}
    assert holds == {stop.id for stop in wanted if stop.kind == "hold"}
    features = features_of(account)
    assert features.open_promises == len([s for s in wanted if s.kind == "promise"])
