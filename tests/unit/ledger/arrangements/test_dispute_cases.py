"""Disputes as they are kept: lines, evidence, deadlines that pass once."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from services.ledger.domain.agreements import EvidenceAdded
from services.ledger.domain.disputes import dispute_of
from services.ledger.domain.doors.disputes import (
    DisputeTerms,
    Verdict,
    open_dispute,
    resolve_dispute,
)
from shared.errors import Invalid
from shared.events import billing
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.test_doors import NOW
from tests.unit.ledger.arrangements.told import (
    Told,
    at,
    disputed,
    invoice,
    on,
    paid,
    registered,
    resolved,
)

SUPERVISOR = replace(NOW, roles=frozenset({"supervisor"}))


def with_lines(*amounts: int | None) -> Told:
    told = invoice("I1", 10000)
    lines = tuple(billing.Line(amount_minor=amount) for amount in amounts)
    return replace(told, data=structs.replace(told.data, lines=lines))


def of_lines(*lines: int, amount: int | None = None) -> Told:
    told = disputed("D1", "I1", "01-12", amount)
    return replace(told, data=structs.replace(told.data, lines=lines))


def evidence(time: str) -> Told:
    data = EvidenceAdded(account_id="C1", dispute_id="D1", ref="mail 17", invoice_id="I1")
    return Told("evidence-added", "/billing e9", at(time), data, "e9")


@pytest.mark.parametrize(
    ("dispute", "held"),
    [
        (of_lines(1, 3), 3500),
        (of_lines(2), 6500),
        (of_lines(4), 0),  # a discount: below 0
        (of_lines(1, 9), 3000),  # there is no ninth
        (of_lines(1, amount=500), 500),
        (of_lines(), 10000),
    ],
)
def test_lines_are_the_sum_of_their_amounts(dispute: Told, held: int) -> None:
    engine = Engine()
    engine.record(registered(), with_lines(3000, 6500, 500, -200), dispute)
    assert engine.account.invoices["I1"].disputed_minor == held


def test_deadlines_pass_once() -> None:
    engine = Engine()
    engine.start_day(on("01-12"))
    engine.record(registered(), invoice("I1", 10000), disputed("D1", "I1", "01-12"))
    opened: Any
    (opened,) = [event for event in engine.said if event.type == "dispute-opened"]
    assert opened.data.evidence_by_on == on("01-26")
    assert opened.data.answer_by_on == on("02-11")
    engine.start_day(on("01-26"))
    assert engine.news("dispute") == []
    engine.start_day(on("01-27"))
    passed: Any
    (passed,) = engine.last
    assert (passed.type, passed.data.deadline) == ("dispute-deadline-passed", "evidence")
    assert (passed.data.day, passed.time) == (on("01-26"), at("01-26 23:00"))
    engine.start_day(on("03-01"))
    later: list[Any] = list(engine.last)
    said = [event.data.deadline for event in later if "deadline" in event.type]
    assert said == ["answer"]
    engine.start_day(on("04-01"))
    assert [event for event in engine.last if "deadline" in event.type] == []


@pytest.mark.parametrize(
    ("meets", "passed"),
    [
        (evidence("01-26 22:00"), ("answer",)),
        (evidence("01-26 23:00"), ("evidence", "answer")),  # 00:00 local: too late
        (resolved("D1", "I1", "01-20", "rejected"), ()),
        (resolved("D1", "I1", "02-01", "rejected"), ("evidence",)),
    ],
)
def test_what_meets_a_deadline(meets: Told, passed: tuple[str, ...]) -> None:
    engine = Engine()
    engine.record(registered(), invoice("I1", 10000), disputed("D1", "I1", "01-12"), meets)
    engine.start_day(on("03-01"))
    case = dispute_of(engine.account, "D1")
    assert case is not None
    assert case.passed == passed


@pytest.mark.parametrize(
    ("facts", "verdict", "credited"),
    [
        ([disputed("D1", "I1", "01-11", 8000)], Verdict(outcome="upheld", reason="so"), 8000),
        ([disputed("D1", "I1", "01-11")], Verdict(outcome="upheld", reason="so"), 10000),
        (
            [disputed("D1", "I1", "01-11"), paid("P1", 4000, "01-11 13:00")],
            Verdict(outcome="upheld", reason="so"),
            6000,
        ),
        (
            [disputed("D1", "I1", "01-11", 3000), paid("P1", 10000, "01-11 13:00")],
            Verdict(outcome="upheld", reason="so"),
            3000,  # the cash on it is freed
        ),
        (
            [disputed("D1", "I1", "01-11")],
            Verdict(outcome="partly", reason="so", credited_minor=1),
            1,
        ),
        ([disputed("D1", "I1", "01-11")], Verdict(outcome="rejected", reason="so"), None),
    ],
)
def test_what_a_resolution_credits(
    facts: list[Any], verdict: Verdict, credited: int | None
) -> None:
    engine = Engine()
    engine.record(registered(), invoice("I1", 10000), *facts)
    fact: Any
    (fact,) = resolve_dispute(engine.account, "D1", verdict, SUPERVISOR).facts
    assert fact.credited_minor == credited


@pytest.mark.parametrize(
    ("verdict", "pointer"),
    [
        (Verdict(outcome="partly", reason="so"), "/credited_minor"),
        (Verdict(outcome="rejected", reason="so", credited_minor=1), "/credited_minor"),
        (Verdict(outcome="upheld", reason="so", credited_minor=10001), "/credited_minor"),
        (Verdict(outcome="upheld", reason="so", reason_code="amended"), "/reason_code"),
    ],
)
def test_what_a_resolution_says_wrong(verdict: Verdict, pointer: str) -> None:
    engine = Engine()
    engine.record(registered(), invoice("I1", 10000), disputed("D1", "I1", "01-11"))
    with pytest.raises(Invalid) as refused:
        resolve_dispute(engine.account, "D1", verdict, SUPERVISOR)
    assert [error.pointer for error in refused.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("members", "pointers"),
    [
        ({}, [""]),
        ({"invoice_id": "I1", "charge_id": "X1"}, [""]),
        ({"invoice_id": "I9"}, ["/invoice_id"]),
        ({"charge_id": "X9", "lines": (1,)}, ["/charge_id", "/lines"]),
        ({"invoice_id": "I1", "lines": (1, 1, 5)}, ["/lines/1", "/lines/2"]),
        ({"invoice_id": "I1", "lines": (4,)}, ["/lines"]),
        ({"invoice_id": "I1", "amount_minor": 10001}, ["/amount_minor"]),
    ],
)
def test_what_a_dispute_says_wrong(members: dict[str, Any], pointers: list[str]) -> None:
    engine = Engine()
    engine.record(registered(), with_lines(3000, 6500, 500, -200))
    terms = DisputeTerms(dispute_id="D1", reason_code="quality", **members)
    with pytest.raises(Invalid) as refused:
        open_dispute(engine.account, terms, NOW)
    assert [error.pointer for error in refused.value.errors] == pointers
