"""The search of the earliest lawful instant: exact, bounded, the same as trying every minute."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from services.outreach.compliance import (
    Answer,
    Guards,
    Question,
    RuleSet,
    evaluate,
    read_book,
    read_question,
    timeline,
)
from services.outreach.compliance.verdict import evaluation_of, verdict_at
from tests.unit.outreach.compliance.questions import override, question

HEAD = 'name: trial\nclass: law\ntitle: A trial\nversion: "2026-11-22"\nrules:\n'
MINUTE = timedelta(minutes=1)


def rule(name: str, kind: str, params: str, *, more: str = "", since: str = "null") -> str:
    return f"""\
  - id: {name}
    kind: {kind}
    jurisdiction: any
    binds: both
    debts: both
    channels: all
    effective: {{from: {since}, to: null}}
    confidence: S
    citation: "{name}"
    params: {params}
{more}"""


def books(*rules: str) -> RuleSet:
    return RuleSet.of([read_book(HEAD + "".join(rules))])


DAYTIME = rule("XX-DAY", "window", '{hours: {all: ["08:00", "21:00"]}}')
WEEKDAYS = rule("XX-WEEK", "window", '{hours: {mon-fri: ["09:00", "17:00"]}}')
SEVEN = rule("XX-SEVEN", "cap", "{most: 7, days: 7, per: debt, channels: [voice]}")
REST = rule("XX-REST", "cooling_off", "{days: 7, channels: [voice]}")


def asked(at: str, *, history: Sequence[Any] = (), **changes: Any) -> dict[str, Any]:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    named = {"debts.0.validation_notice_sent_on": None, **named}
    return question("us-il", {"at": at, "history": list(history), **named})


def answer(found: RuleSet, whole: dict[str, Any], **guards: int) -> Answer:
    return evaluate(read_question(whole), found, guards=Guards(**guards))


def calls(*instants: str, outcome: str = "no_answer") -> list[dict[str, Any]]:
    return [
        {
            "at": at,
            "channel": "voice",
            "about": ["A"],
            "outcome": outcome,
            "initiated_by": "collector",
            "person": "debtor",
        }
        for at in instants
    ]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-24T13:59:59.999999Z", "2026-11-24T14:00:00Z"),
        ("2026-11-24T14:00:00Z", None),
        ("2026-11-25T02:59:59.999999Z", None),
        ("2026-11-25T03:00:00Z", "2026-11-25T14:00:00Z"),
        ("2026-03-07T13:59:00Z", "2026-03-07T14:00:00Z"),  # the day before clocks go forward
        ("2026-03-08T12:59:00Z", "2026-03-08T13:00:00Z"),
        ("2026-10-31T12:59:00Z", "2026-10-31T13:00:00Z"),
        ("2026-11-01T13:59:00Z", "2026-11-01T14:00:00Z"),  # the day they go back
    ],
)
def test_hours_are_half_open_and_follow_the_clock(at: str, until: str | None) -> None:
    found = answer(books(DAYTIME), asked(at))
    assert found.verdict == ("allow" if until is None else "defer")
    assert until is None or found.until == moment(until)


def test_guards_narrow_both_edges() -> None:
    hours = books(DAYTIME)
    guards = {"start_minutes": 1, "end_minutes": 5}
    assert answer(hours, asked("2026-11-24T14:00:00Z"), **guards).until == moment(
        "2026-11-24T14:01:00Z"
    )
    assert answer(hours, asked("2026-11-24T14:01:00Z"), **guards).verdict == "allow"
    assert answer(hours, asked("2026-11-25T02:54:59Z"), **guards).verdict == "allow"
    late = answer(hours, asked("2026-11-25T02:55:00Z"), **guards)
    assert late.until == moment("2026-11-25T14:01:00Z")
    assert [each.rule for each in late.also] == ["SYS-DEQUEUE"]


def test_guards_leave_a_midnight_that_is_no_edge_alone() -> None:
    night = books(
        rule("XX-NIGHT", "window", '{hours: {all: ["00:00", "03:00", "20:00", "24:00"]}}')
    )
    guards = {"start_minutes": 1, "end_minutes": 5}
    assert answer(night, asked("2026-11-24T06:00:00Z"), **guards).verdict == "allow"  # 00:00
    assert answer(night, asked("2026-11-24T05:58:00Z"), **guards).verdict == "allow"  # 23:58
    assert answer(night, asked("2026-11-24T08:56:00Z"), **guards).verdict == "defer"  # 02:56


def test_the_joint_instant_is_that_of_all_rules_together() -> None:
    seven = calls(*(f"2026-11-17T1{hour}:00:00Z" for hour in range(7)))
    found = answer(books(DAYTIME, SEVEN), asked("2026-11-23T15:00:00Z", history=seven))
    assert found.verdict == "defer"
    assert found.until == moment("2026-11-24T14:00:00Z")  # the cap ends at midnight, hours open
    assert [(each.rule, each.until) for each in found.decided_by] == [
        ("XX-SEVEN", moment("2026-11-24T06:00:00Z"))
    ]


def test_rest_after_a_conversation_runs_over_a_weekend() -> None:
    talked = calls("2026-11-14T16:00:00Z", outcome="conversation")  # a Saturday
    found = answer(books(WEEKDAYS, REST), asked("2026-11-16T16:00:00Z", history=talked))
    assert found.until == moment("2026-11-23T15:00:00Z")  # free on Saturday, open on Monday


def test_hours_that_never_meet_need_a_person() -> None:
    early = rule("XX-EARLY", "window", '{hours: {all: ["08:00", "09:00"]}}')
    late = rule("XX-LATE", "window", '{hours: {all: ["20:00", "21:00"]}}')
    found = answer(books(early, late), asked("2026-11-24T18:00:00Z"))
    assert (found.verdict, found.role) == ("require_approval", "compliance")
    assert {each.rule for each in found.decided_by} == {"XX-EARLY", "XX-LATE"}
    assert all("no lawful instant within 14 days" in each.because for each in found.decided_by)


@pytest.mark.parametrize(("days", "verdict"), [(14, "defer"), (15, "require_approval")])
def test_the_search_ends_after_fourteen_days(days: int, verdict: str) -> None:
    rest = rule("XX-LONG", "cooling_off", f"{{days: {days}, channels: [voice]}}")
    talked = calls("2026-11-24T07:00:00Z", outcome="conversation")
    found = answer(books(rest), asked("2026-11-24T18:00:00Z", history=talked))
    assert found.verdict == verdict
    assert (found.until == moment("2026-12-08T06:00:00Z")) is (verdict == "defer")


def test_a_rule_that_comes_into_force_meanwhile_is_heeded() -> None:
    sundays = rule("XX-NEW", "window", '{hours: {mon-sat: ["10:00", "12:00"]}}', since="2026-11-25")
    found = answer(books(DAYTIME, sundays), asked("2026-11-25T03:30:00Z"))  # 21:30 on the 24th
    assert found.until == moment("2026-11-25T16:00:00Z")
    assert [each.rule for each in found.decided_by] == ["XX-DAY"]


def test_a_bar_that_comes_up_meanwhile_leaves_nothing_to_wait_for() -> None:
    attorney = {"since": "2026-11-25T10:00:00Z"}
    bar = rule("XX-ATTY", "bar", "{}", more="    when: {debt.attorney: true}\n")
    whole = asked("2026-11-25T03:30:00Z", debtor__attorney=attorney)
    found = answer(books(DAYTIME, bar), whole)
    assert found.verdict == "require_approval"
    now = answer(books(DAYTIME, bar), {**whole, "at": "2026-11-24T18:00:00Z"})
    assert now.verdict == "allow"


def test_a_consent_that_ends_meanwhile_is_heeded() -> None:
    consent = {
        "kind": "email",
        "given_to": "collector",
        "at": "2026-11-10T15:00:00Z",
        "until": "2026-11-25T14:00:00Z",
    }
    route = "{routes: [{name: consent, when: {consent.email: true}}]}"
    rules = books(DAYTIME, rule("XX-ROUTE", "consent", route))
    whole = asked("2026-11-25T12:30:00Z", contact__channel="email", debtor__consents=[consent])
    assert answer(rules, whole).verdict == "require_approval"  # over when the hours open
    longer = {**consent, "until": "2026-11-25T14:00:01Z"}
    assert answer(rules, override(whole, {"debtor.consents": [longer]})).until == moment(
        "2026-11-25T14:00:00Z"
    )


_PARTS = (
    DAYTIME,
    WEEKDAYS,
    SEVEN,
    REST,
    rule("XX-SPLIT", "window", '{hours: {mon-sat: ["07:30", "12:00", "13:30", "20:00"]}}'),
    rule("XX-HOLIDAYS", "window", '{hours: {all: ["06:00", "23:00"]}, calendar: us-federal}'),
    rule("XX-TIMES", "window", "{inconvenient: true}"),
    rule("XX-DAILY", "cap", "{most: 2, period: day, per: person, channels: [voice]}"),
    rule("XX-BURST", "cap", "{most: 1, minutes: 45, per: person, channels: [voice]}"),
)
_STARTS = st.integers(0, 9 * 24 * 60).map(
    lambda minutes: moment("2026-03-02T00:00:00Z") + minutes * MINUTE
)


@settings(max_examples=60)
@given(
    st.sets(st.sampled_from(_PARTS), min_size=1, max_size=5),
    _STARTS,
    st.lists(st.tuples(st.integers(1, 12_000), st.booleans()), max_size=9),
    st.sampled_from(["+12125550123", "+13125550123", "+18505550123", "+61412345678"]),
)
def test_the_search_finds_what_trying_every_minute_finds(
    parts: set[str], at: datetime, past: list[tuple[int, bool]], number: str
) -> None:
    found = books(*sorted(parts))
    history = [
        *calls(*((at - ago * MINUTE).isoformat() for ago, talked in past if not talked)),
        *calls(
            *((at - ago * MINUTE).isoformat() for ago, talked in past if talked),
            outcome="conversation",
        ),
    ]
    whole = asked(
        at.isoformat(),
        history=history,
        debtor__inconvenient=[{"days": ["tue", "wed"], "from": "22:00", "to": "10:30"}],
    )
    whole["debtor"]["phones"].append({"number": number, "use": "home", "type": "mobile"})
    said = answer(found, whole)
    # In steps of a quarter of an hour: every edge here lies on one, bursts apart.
    tried, question = at, read_question(whole)
    while tried <= at + timedelta(days=14):
        if _is_allowed(question, found, tried):
            break
        tried += (
            MINUTE
            if "XX-BURST" in "".join(parts) and tried < at + 60 * MINUTE
            else (timedelta(minutes=15 - tried.minute % 15))
        )
    else:
        assert said.verdict == "require_approval"
        return
    assert answer(found, {**whole, "at": tried.isoformat()}).verdict == "allow"
    if tried == at:
        assert said.verdict == "allow"
    else:
        assert said.verdict == "defer"
        assert said.until == tried


def _is_allowed(question: Question, found: RuleSet, at: datetime) -> bool:
    """Asked anew at that instant, and without a search."""
    verdict, _ = verdict_at(evaluation_of(structs.replace(question, at=at), found), at)
    return verdict == "allow"


def test_the_timeline_is_what_the_verdicts_are() -> None:
    found = books(DAYTIME, WEEKDAYS, SEVEN)
    whole = asked(
        "2026-11-24T18:10:00Z", history=calls(*(f"2026-11-2{day}T15:00:00Z" for day in "0123"))
    )
    stretches = timeline(read_question(whole), found)
    assert stretches[0].start == moment("2026-11-24T18:10:00Z")
    assert stretches[-1].end == moment("2026-12-08T18:10:00Z")
    for one, two in pairwise(stretches):
        assert one.end == two.start
        assert (one.verdict, one.rules) != (two.verdict, two.rules)
    for each in stretches:
        middle = each.start + (each.end - each.start) / 2
        for at in (each.start, middle, each.end - timedelta(seconds=1)):
            said = answer(found, {**whole, "at": at.isoformat()})
            assert said.verdict == each.verdict
            if each.verdict != "allow":
                assert {row.rule for row in said.decided_by} == set(each.rules)


def test_a_year_without_a_calendar_needs_a_person() -> None:
    closed = rule("XX-CAL", "window", '{hours: {all: ["08:00", "21:00"]}, calendar: us-federal}')
    whole = asked("2049-11-24T18:00:00Z")
    found = answer(books(closed), whole)
    assert found.verdict == "require_approval"
    assert "calendar us-federal" in found.decided_by[0].because


def test_the_answer_is_given_in_utc_whatever_the_offset_asked_in() -> None:
    found = answer(books(DAYTIME), asked("2026-11-24T21:30:00-06:00"))
    assert found.until == moment("2026-11-25T14:00:00Z")
    assert isinstance(found.until, datetime)
    assert found.until.tzinfo is UTC
