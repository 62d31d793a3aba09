"""The ledger is asked before each contact, with a real database, mail server and ledger door."""

import pytest

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
