"""No contact inside a stop: planned by what the log told, sent by what the ledger answers."""

from datetime import date
from typing import Any

import pytest

from shared.events import ledger
from tests.integration.outreach.world import DUE_ON, MORNING, World, counts
from tests.unit.outreach.builders import at

OF: dict[str, Any] = {"account_id": "C1", "currency": "EUR", "invoice_ids": ("I1",)}


async def promised(world: World, on: date = DUE_ON) -> None:
    data = ledger.PromiseMade(
        **OF, promise_id="R1", amount_minor=10_000, due_on=date(2026, 3, 9),
        grace_until_on=date(2026, 3, 11),
    )  # fmt: skip
    await world.take(world.ledger_event("promise-made", "C1", data, on))


async def judged(world: World, on: date) -> None:
    data = ledger.PromiseBroken(
        **OF, promise_id="R1", amount_minor=10_000, asked_minor=10_000, received_minor=0,
        due_on=date(2026, 3, 9),
    )  # fmt: skip
    await world.take(world.ledger_event("promise-broken", "C1", data, on))
    world.answers("C1", ("I1", DUE_ON, 10_000))


async def test_a_promise_holds_and_the_ladder_goes_on_when_it_is_broken(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))  # planned for the morning
    await promised(world)
    assert (await world.run()).counts == counts(cancelled=1)
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "promise"
    assert (await world.run(at("2026-03-11 12:00"))).counts == counts()
    await judged(world, date(2026, 3, 12))
    ran = await world.run(at("2026-03-12 09:00"))
    assert ran.counts == counts(planned=1)
    assert ran.next_due_at == at("2026-03-13 08:01")  # the day after the judgement
    assert (await world.run(at("2026-03-13 09:00"))).counts["sent"] == 1
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["step"] == "reminder"


async def test_what_the_ledger_stops_is_not_sent_before_the_log_has_told(world: World) -> None:
    """The step is not lost: it is made when the promise has been broken."""
    await world.overdue()
    stop = {"kind": "promise", "id": "R1", "currency": "EUR", "until": "2026-03-11",
            "invoice_ids": ["I1"]}  # fmt: skip
    world.answers("C1", ("I1", DUE_ON, 10_000), stops=(stop,), sequence=9)
    assert (await world.run()).counts == counts(planned=1, cancelled=1)
    assert world.mail.messages == []
    await promised(world)
    await judged(world, date(2026, 3, 12))
    assert (await world.run(at("2026-03-13 09:00"))).counts["sent"] == 1
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["step"] == "reminder"


async def test_an_invoice_under_a_stop_is_not_in_the_message_about_another(world: World) -> None:
    await world.overdue("I1")
    await world.overdue("I2", minor=2_500)
    stop = {"kind": "plan", "id": "L1", "currency": "EUR", "until": None, "invoice_ids": ["I1"]}
    world.answers("C1", stops=(stop,))
    assert (await world.run()).counts["sent"] == 1
    (message,) = world.mail.messages
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "N-I2" in text
    assert "N-I1" not in text
    assert "To pay: €25.00" in text
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["covers"][0]["invoice_ids"] == ["I2"]


@pytest.mark.parametrize(
    ("kind", "named", "sent"),
    [("deceased", ("I9",), 0), ("complaint", ("I9",), 1), ("complaint", None, 0)],
)
async def test_a_hold_stops_its_invoices_or_the_account(
    world: World, kind: Any, named: tuple[str, ...] | None, sent: int
) -> None:
    await world.overdue()
    placed = ledger.HoldPlaced(
        account_id="C1", currency=None, invoice_ids=named, hold_id="H1", kind=kind,
        from_on=DUE_ON, stops=("contact", "fees"),
    )  # fmt: skip
    await world.take(world.ledger_event("hold-placed", "C1", placed))
    world.answers("C1")
    assert (await world.run()).counts["sent"] == sent
    if not sent:
        assert await world.types_announced() == []  # nothing was planned either
    released = ledger.HoldReleased(
        account_id="C1", currency=None, invoice_ids=named, hold_id="H1", kind=kind,
        released_on=date(2026, 3, 10), because="released",
    )  # fmt: skip
    await world.take(world.ledger_event("hold-released", "C1", released, date(2026, 3, 10)))
    world.answers("C1")
    assert (await world.run(at("2026-03-10 09:00"))).counts["sent"] == 1


async def test_what_is_written_off_is_not_asked_for_until_it_is_owed_again(world: World) -> None:
    await world.overdue()
    put = ledger.Allocation("W1", "I1", 10_000, MORNING, DUE_ON, 0, source_kind="write_off")
    given_up = ledger.AccountWrittenOff(
        **OF, write_off_id="W1", kind="uncollectable", amount_minor=10_000, allocations=(put,)
    )
    await world.take(world.ledger_event("account-written-off", "C1", given_up))
    assert (await world.run()).counts == counts()
    nowhere = ledger.Allocation("W1", "I1", 0, MORNING, DUE_ON, 0, source_kind="write_off")
    undone = ledger.AllocationChanged(
        account_id="C1", because="write-off W1", amounts=(), allocations=(nowhere,)
    )
    again = ledger.InvoiceReopened(
        invoice_id="I1", account_id="C1", currency="EUR", due_on=DUE_ON, stage=1, days_past_due=8,
        balance_minor=10_000, because="write-off W1", amounts=(),
    )  # fmt: skip
    await world.take(
        world.ledger_event("allocation-changed", "C1", undone, date(2026, 3, 10)),
        world.ledger_event("invoice-reopened", "C1", again, date(2026, 3, 10)),
    )
    world.answers("C1")
    assert (await world.run(at("2026-03-10 09:00"))).counts["sent"] == 1


async def test_a_disputed_charge_does_not_stop_its_invoice(world: World) -> None:
    await world.overdue()
    opened = ledger.DisputeOpened(
        dispute_id="D1", account_id="C1", invoice_id="I1", charge_id="late-fee:I1:1"
    )
    loose = ledger.DisputeOpened(
        dispute_id="D2", account_id="C1", invoice_id=None, charge_id="bounce-fee:R1"
    )
    await world.take(
        world.ledger_event("dispute-opened", "C1", opened),
        world.ledger_event("dispute-opened", "C1", loose),
    )
    world.answers("C1")
    assert (await world.run()).counts["sent"] == 1


async def test_charges_to_come_are_told_in_the_next_message_and_the_log_says_so(
    world: World,
) -> None:
    await world.overdue()
    world.answers("C1", disclose=("late-fee", "words-that-nobody-wrote"))
    assert (await world.run()).counts["sent"] == 1
    (message,) = world.mail.messages
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "a late fee may be added" in " ".join(text.split())
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["disclosures"][-1] == "late-fee"
    assert "words-that-nobody-wrote" not in sent["data"]["disclosures"]
