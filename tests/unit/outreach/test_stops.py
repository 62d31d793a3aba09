"""What stops contact, folded from the ledger's events."""

from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from services.outreach.debtors.domain.stops import (
    STOP_FOLDS,
    Stop,
    stopped_by,
)
from shared.events import LEDGER, Received, ledger
from tests.unit.outreach.builders import an_invoice

NAMES = {cls: name for name, cls in ledger.TYPES.items()}
OF: dict[str, Any] = {"account_id": "C1", "currency": "EUR", "invoice_ids": ("I1",)}
JUDGED: dict[str, Any] = {
    **OF,
    "promise_id": "R1",
    "amount_minor": 10_000,
    "received_minor": 0,
    "due_on": date(2026, 3, 9),
}
DAY = date(2026, 3, 10)


def said(data: Struct, on: date = DAY) -> Received:
    return Received(
        topic=LEDGER, tenant="demo", key="C1", type=NAMES[type(data)], id="E1", source="/ledger",
        sequence=1, time=datetime.combine(on, time(), UTC), day=on,
        recordedtime=datetime.combine(on, time(), UTC), data=msgspec.json.encode(data),
    )  # fmt: skip


def after(*events: Received) -> list[Stop]:
    stops: dict[str, Stop] = {}
    for event in events:
        STOP_FOLDS[event.type](stops, event, event.decode())
    return list(stops.values())


def made(on: int = 3, **more: Any) -> Received:
    data = ledger.PromiseMade(
        **{**OF, **more}, promise_id="R1", amount_minor=10_000, due_on=date(2026, 3, 9),
        grace_until_on=date(2026, 3, 11),
    )  # fmt: skip
    return said(data, date(2026, 3, on))


def rejudged(to: str, on: int) -> Received:
    data = ledger.PromiseRejudged(**JUDGED, from_state="x", to_state=to, because="payment P1")
    return said(data, date(2026, 3, on))


@pytest.mark.parametrize(
    ("events", "stands_until"),
    [
        ([made()], None),
        ([made(), said(ledger.PromiseKept(**JUDGED))], 10),
        ([made(), said(ledger.PromisePartlyKept(**JUDGED))], 10),
        ([made(), said(ledger.PromiseBroken(**JUDGED), date(2026, 3, 12))], 12),
        ([made(), said(ledger.PromiseKept(**JUDGED)), rejudged("open", 11)], None),
        ([made(), said(ledger.PromiseKept(**JUDGED)), rejudged("broken", 12)], 12),
        (
            [made(), rejudged("kept", 9), rejudged("open", 10), rejudged("partly_kept", 12)],
            12,
        ),
    ],
)
def test_a_promise_stops_while_it_is_open_by_the_last_that_was_said(
    events: list[Received], stands_until: int | None
) -> None:
    (stop,) = after(*events)
    assert stop.ended_on == (date(2026, 3, stands_until) if stands_until else None)
    assert stopped_by([stop], an_invoice(), date(2026, 3, 3)) == "promise"
    assert stopped_by([stop], an_invoice(), date(2026, 3, 2)) is None
    if stop.ended_on is not None:
        assert stopped_by([stop], an_invoice(), stop.ended_on) is None


def test_a_promise_over_the_account_stops_all_of_its_currency() -> None:
    stops = after(made(invoice_ids=None))
    assert stopped_by(stops, an_invoice("I7"), DAY) == "promise"
    assert stopped_by(stops, an_invoice("I7", currency="USD"), DAY) is None
    assert stopped_by(stops, an_invoice("I7", account_id="C2"), DAY) is None


def _plan(cls: Any, **more: Any) -> Received:
    return said(cls(**OF, plan_id="L1", **more))


def _settlement(cls: Any, **more: Any) -> Received:
    return said(cls(**OF, settlement_id="T1", **more))


AGREED = _plan(
    ledger.PlanAgreed, kind="equal", total_minor=1, instalments=(), freeze=ledger.Freeze(True, True)
)
TERMS: dict[str, Any] = {
    "kind": "bid", "base_minor": 2, "amount_minor": 1, "conceded_minor": 1, "instalments": (),
}  # fmt: skip
ACCEPTED = _settlement(ledger.SettlementAccepted, **TERMS, how="policy")


@pytest.mark.parametrize(
    ("begin", "end", "again", "kind"),
    [
        (
            AGREED,
            _plan(ledger.PlanDefaulted, because="days", paid_minor=0, arrears_minor=1),
            _plan(
                ledger.PlanRejudged,
                from_state="defaulted", to_state="active", because="payment P1", paid_minor=1,
            ),
            "plan",
        ),
        (
            AGREED,
            _plan(ledger.PlanCompleted, paid_minor=1),
            _plan(
                ledger.PlanRejudged,
                from_state="completed", to_state="active", because="reversal R1", paid_minor=0,
            ),
            "plan",
        ),
        (
            ACCEPTED,
            _settlement(ledger.SettlementCompleted, paid_minor=1, conceded_minor=1),
            _settlement(
                ledger.SettlementRejudged,
                from_state="completed", to_state="accepted", because="reversal R1", paid_minor=0,
            ),
            "settlement",
        ),
    ],
)  # fmt: skip
def test_an_arrangement_stops_while_it_is_in_force(
    begin: Received, end: Received, again: Received, kind: str
) -> None:
    assert stopped_by(after(begin), an_invoice(), DAY) == kind
    assert stopped_by(after(begin, end), an_invoice(), date(2026, 3, 11)) is None
    assert stopped_by(after(begin, end, again), an_invoice(), date(2026, 6, 1)) == kind


def test_an_offer_stops_nothing_and_what_waits_for_a_decision_does() -> None:
    offered = _settlement(ledger.SettlementOffered, **{**TERMS, "kind": "offer"})
    common: dict[str, Any] = {**OF, "kind": "settlement", "subject_id": "T1"}
    needed = said(
        ledger.ApprovalNeeded(
            **common, approval_id="settlement:T1", role="finance",
            requested_by=ledger.By("collector", "mia"), expires_on=date(2026, 3, 17),
        )
    )  # fmt: skip
    assert "settlement-offered" not in STOP_FOLDS
    assert stopped_by(after(needed), an_invoice(), DAY) == "settlement"
    closed = said(ledger.ApprovalClosed(**common, approval_id="settlement:T1", decision="approved"))
    assert stopped_by(after(needed, closed), an_invoice(), date(2026, 3, 11)) is None
    for events in ([needed, closed, ACCEPTED], [needed, ACCEPTED, closed]):
        assert stopped_by(after(*events), an_invoice(), date(2026, 6, 1)) == "settlement"
    assert offered.type == "settlement-offered"


def _hold(kind: Any, *stops: Any, invoice_ids: tuple[str, ...] | None = ("I1",)) -> Received:
    return said(
        ledger.HoldPlaced(
            account_id="C1", currency=None, invoice_ids=invoice_ids, hold_id="H1", kind=kind,
            from_on=date(2026, 3, 5), until_on=None, stops=stops or ("contact",),
        )
    )  # fmt: skip


def _released(on: date, kind: Any = "complaint") -> Received:
    return said(
        ledger.HoldReleased(
            account_id="C1", currency=None, invoice_ids=None, hold_id="H1", kind=kind,
            released_on=on, because="released",
        )
    )  # fmt: skip


def test_a_hold_stops_its_invoices_and_some_kinds_the_account() -> None:
    complaint, deceased = after(_hold("complaint")), after(_hold("deceased"))
    assert stopped_by(complaint, an_invoice(), DAY) == "hold"
    assert stopped_by(complaint, an_invoice("I2"), DAY) is None
    assert stopped_by(deceased, an_invoice("I2"), DAY) == "hold"
    assert stopped_by(deceased, an_invoice("I2"), date(2026, 3, 4)) is None  # it has not begun
    assert after(_hold("complaint", "fees")) == []


def test_a_hold_ends_on_the_day_it_is_released_and_may_never_have_been() -> None:
    ended = after(_hold("complaint"), _released(date(2026, 3, 20)))
    assert stopped_by(ended, an_invoice(), date(2026, 3, 19)) == "hold"
    assert stopped_by(ended, an_invoice(), date(2026, 3, 20)) is None
    never = after(_hold("complaint"), _released(date(2026, 3, 1)))
    assert stopped_by(never, an_invoice(), date(2026, 3, 5)) is None
    assert not never[0].has_been


def test_a_placement_stops_until_the_recall_and_a_sale_until_it_is_taken_back() -> None:
    placed = said(
        ledger.AccountPlaced(
            **OF, placement_id="G1", kind="agency", to="Inkasso", placed_minor=1, invoices=()
        )
    )
    assert stopped_by(after(placed), an_invoice(), DAY) == "placed"
    for end in (
        ledger.AccountRecalled(**OF, placement_id="G1", because="paid"),
        ledger.WriteOffReversed(**OF, write_off_id="G1", because="reversed"),
    ):
        assert stopped_by(after(placed, said(end)), an_invoice(), DAY) is None
