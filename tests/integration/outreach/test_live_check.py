"""The ledger is asked before each contact, with a real database, mail server and ledger door."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.outreach.dunning.domain.assignment_document import parse_assignments
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.documents import BuiltIn
from shared.events import ledger
from tests.integration.outreach.world import DUE_ON, MORNING, World, counts


async def test_the_live_check_cancels_what_the_log_has_not_told_yet(world: World) -> None:
    await world.overdue()
    world.answers("C1", only=True, sequence=9)
    ran = await world.run()
    assert ran.counts == counts(planned=1, cancelled=1)
    assert world.mail.messages == []
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "paid"


async def test_a_step_cancelled_before_the_log_told_is_made_when_it_can_be(world: World) -> None:
    """As when planning cancels it: the same facts, whoever notices first."""
    await world.overdue()
    world.answers("C1", ("I1", DUE_ON, 10_000), disputed_minor=10_000, sequence=4)
    assert (await world.run()).counts == counts(planned=1, cancelled=1)
    opened = ledger.DisputeOpened(
        dispute_id="D1", account_id="C1", invoice_id="I1", disputed_minor=10_000
    )
    await world.take(world.ledger_event("dispute-opened", "C1", opened))
    assert (await world.run()).counts == counts()
    resolved = ledger.DisputeResolved(
        dispute_id="D1", account_id="C1", invoice_id="I1", outcome="rejected"
    )
    await world.take(world.ledger_event("dispute-resolved", "C1", resolved))
    world.answers("C1", ("I1", DUE_ON, 10_000))
    assert (await world.run()).counts["sent"] == 1
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["step"] == "reminder"


async def test_what_only_the_check_knows_ends_the_step(world: World) -> None:
    """Our facts will never say it, so the ladder goes on instead of asking for ever."""
    await world.overdue()
    world.answers("C1", ("I1", DUE_ON, 10_000), disputed_minor=10_000)
    assert (await world.run()).counts == counts(planned=1, cancelled=1)
    assert (await world.run()).counts == counts(planned=1)
    cancelled, planned = (await world.announced("contact-cancelled", "contact-planned"))[1:]
    assert cancelled["data"]["because"] == "disputed"
    assert planned["data"]["due_at"] == "2026-03-10T08:01:00Z"  # the second step's, in mild words


async def test_a_hold_cancels(world: World) -> None:
    await world.overdue()
    stop = {"kind": "hold", "hold_kind": "bankruptcy", "id": "H1", "until": None}
    world.answers("C1", ("I1", DUE_ON, 10_000), stops=(stop,))
    assert (await world.run()).counts["cancelled"] == 1
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "hold"


@pytest.mark.parametrize(
    ("mode", "rule"),
    [
        ("hang", "live-check-unanswered"),
        ("error", "live-check-unanswered"),
        ("garbage", "live-check-unanswered"),
        ("behind", "live-check-behind-intake"),
        ("never-caught-up", "live-check-behind-intake"),
    ],
)
async def test_no_good_answer_means_no_contact_now_and_exactly_one_later(
    world: World, mode: str, rule: str
) -> None:
    await world.overdue()
    world.ledger.mode = mode  # type: ignore[assignment]
    for _ in range(2):
        ran = await world.run()
        assert (ran.counts["sent"], ran.counts["deferred"]) == (0, 1)
        assert ran.next_due_at == MORNING  # there is still something to do
    assert world.mail.messages == []
    suppressed = await world.announced("contact-suppressed")
    assert [e["data"]["rule"] for e in suppressed] == [rule]  # said once per contact and rule
    world.ledger.mode = "good"
    world.ledger.released.set()
    assert (await world.run()).counts["sent"] == 1
    assert len(world.mail.messages) == 1


async def test_an_answer_older_than_what_we_know_is_not_believed(world: World) -> None:
    await world.overdue()
    world.answers("C1", ("I1", DUE_ON, 10_000), sequence=2)
    ran = await world.run()
    assert (ran.counts["sent"], ran.counts["deferred"]) == (0, 1)


@pytest.mark.usefixtures("slow_machine")
async def test_the_check_is_asked_in_one_call_for_many(world: World) -> None:
    for number in range(40):
        await world.account(f"A{number:02}")
        await world.overdue(f"I{number}", f"A{number:02}")
    assert (await world.run()).counts["sent"] == 40
    assert len(world.ledger.calls) == 1
    assert world.ledger.headers[0]["x-tenant"] == "demo"
    assert world.ledger.headers[0]["authorization"] == "Bearer token"
    assert world.mail.connections <= 8


ASKING = """
name: consumer
version: "2027-01-01"
title: Steps that ask for amounts
send: {from: "00:00", to: "23:59", days: [mon, tue, wed, thu, fri, sat, sun], holidays: true}
ladder:
  - {name: reminder, from: due, days: 1, channels: [email], tone: friendly, template: reminder,
     when: [{amount_from: 50, kind: [consumer]}, {tags_any: [always]}]}
  - {name: second, from: due, days: 8, channels: [email], tone: neutral, template: overdue}
"""
RULES = 'version: "1"\nrules: [{strategy: consumer}]\n'


@pytest.fixture
async def asking(world: World) -> World:
    """C1 owes EUR 100.00 by I1, and its reminder is for EUR 50.00 or more."""
    strategy = parse_strategy(ASKING)
    world.context = replace(
        world.context,
        strategies=StrategyBooks(
            [BuiltIn(strategy.name, strategy.version, ASKING, strategy)],
            BuiltIn("strategy-assignments", "1", RULES, parse_assignments(RULES)),
        ),
    )
    await world.account("C3")
    await world.overdue("I1", "C3")
    return world


async def test_a_step_whose_when_does_not_hold_by_the_check_is_not_made(asking: World) -> None:
    """The log tells of the part payment later: until then nothing goes, after it nothing does."""
    asking.answers("C3", ("I1", DUE_ON, 4_999), sequence=9)
    assert (await asking.run()).counts == counts(planned=1, cancelled=1)
    (cancelled,) = await asking.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "superseded"
    assert await asking.value("select count(*) from steps") == 0
    asking.answers("C3", ("I1", DUE_ON, 5_000))
    assert (await asking.run()).counts["sent"] == 1
    (sent,) = await asking.announced("contact-sent")
    assert sent["data"]["step"] == "reminder"


async def test_an_item_whose_when_does_not_hold_falls_out_of_its_contact(asking: World) -> None:
    await asking.overdue("I2", "C3", minor=6_000)
    asking.answers("C3", ("I1", DUE_ON, 10_000), ("I2", DUE_ON, 100), sequence=9)
    assert (await asking.run()).counts["sent"] == 1
    (sent,) = await asking.announced("contact-sent")
    assert sent["data"]["covers"] == [
        {"account_id": "C3", "checked_sequence": 9, "invoice_ids": ["I1"]}
    ]
    assert await asking.value("select string_agg(subject_id, ',') from steps") == "I1"


async def test_another_case_of_its_when_holds_by_what_is_known(asking: World) -> None:
    """Only the amounts are the check's."""
    tagged = ledger.AccountUpdated(
        account_id="C3", kind="consumer", timezone="UTC", tags=("always",)
    )
    await asking.take(asking.ledger_event("account-updated", "C3", tagged))
    asking.answers("C3", ("I1", DUE_ON, 100))
    assert (await asking.run()).counts["sent"] == 1


async def test_what_only_the_check_says_of_a_when_ends_the_step(asking: World) -> None:
    """As with everything that our facts will never say: the ladder goes on."""
    asking.answers("C3", ("I1", DUE_ON, 100))
    assert (await asking.run()).counts == counts(planned=1, cancelled=1)
    assert (await asking.run(MORNING + timedelta(hours=1))).counts == counts(planned=1)
    assert (await asking.announced("contact-planned"))[-1]["data"]["step"] == "second"
