"""Rule books as a lawyer writes them: what is read, and how every fault is named."""

import json
from datetime import date

import jsonschema
import pytest

from services.outreach.compliance import RuleBook, RuleSet, read_book, schema
from services.outreach.compliance import rule_set as rule_set_module
from shared.errors import Invalid, Unavailable
from shared.yaml_text import read_document
from tests.unit.outreach.compliance.case_files import ask
from tests.unit.outreach.compliance.questions import question
from tests.unit.outreach.compliance.shipped import shipped_data, shipped_texts

HEAD = """\
name: trial
class: law
title: A trial
version: "2026-11-22"
rules:
"""
WINDOW = """\
  - id: XX-HOURS
    kind: window
    jurisdiction: US
    binds: third
    debts: consumer
    channels: [voice]
    effective: {from: 2021-11-30, to: null}
    confidence: S
    sources: [S1]
    citation: "the law"
    params: {hours: {all: ["08:00", "21:00"]}}
"""


def book(text: str = WINDOW, **changes: str) -> RuleBook:
    """A book of the rule, with lines of it replaced."""
    for old, new in changes.items():
        lines = [
            f"    {old}: {new}" if line.startswith(f"    {old}:") else line
            for line in text.splitlines()
        ]
        text = "\n".join(lines) + "\n"
    return read_book(HEAD + text)


def faults(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read_book(text)
    return [error.detail for error in caught.value.errors] or [caught.value.detail]


def test_a_rule_is_read_with_all_that_it_says() -> None:
    rule = book().rules[0]
    assert (rule.id, rule.kind.name, rule.binds_first, rule.binds_third) == (
        "XX-HOURS",
        "window",
        False,
        True,
    )
    assert (rule.consumer, rule.commercial) == (True, False)
    assert rule.channels == frozenset({"voice"})
    assert rule.jurisdictions == {"US"}
    assert (rule.since, rule.until) == (date(2021, 11, 30), None)
    assert (rule.citation, rule.confidence, rule.sources) == ("the law", "S", ("S1",))


def test_all_channels_and_several_places_can_be_named() -> None:
    rule = book(channels="all", jurisdiction="[US-CA, GB-EW]").rules[0]
    assert rule.channels is None
    assert rule.jurisdictions == {"US-CA", "GB-EW"}


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("kind", "hours", 7, "must be one of gate, window"),
        ("jurisdiction", "usa-california", 8, "must be ISO 3166 codes"),
        ("jurisdiction", "[]", 8, "must be ISO 3166 codes"),
        ("jurisdiction", "UK", 8, "no address is known in UK"),
        ("jurisdiction", "[US-CA, US-ZZ]", 8, "no address is known in US-ZZ"),
        ("binds", "everybody", 9, "must be one of first, third, both"),
        ("debts", "all", 10, "must be one of consumer, commercial, both"),
        ("channels", "[fax]", 11, "is not one of the values known here"),
        ("channels", "[]", 11, "must not be empty"),
        ("effective", "{from: 2021-11-31}", 12, "2021-11-31 is not a day"),
        ("effective", "{from: 2022-01-01, to: 2021-01-01}", 12, "must not be before `from`"),
        ("confidence", "high", 13, "must be one of S, M, G, D"),
        ("citation", '""', 15, "must not be empty"),
        ("params", '{hours: {all: ["08:00"]}}', 16, "must be pairs of rising times"),
        ("params", '{hours: {all: ["21:00", "08:00"]}}', 16, "must be pairs of rising times"),
        ("params", '{hours: {mon: ["8", "9"]}}', 16, "regex"),
        ("params", '{hours: {monday: ["08:00", "09:00"]}}', 16, "must be all, a day (mon)"),
        (
            "params",
            '{hours: {mon-fri: ["08:00", "09:00"], fri: ["08:00", "09:00"]}}',
            16,
            "names a day that another line has",
        ),
        ("params", "{calendar: us-federal}", 16, "needs `hours`, or `inconvenient: true`"),
        (
            "params",
            '{hours: {all: ["08:00", "21:00"]}, calendar: mars}',
            16,
            "there is no calendar 'mars'",
        ),
        ("params", '{hours: {all: ["08:00", "21:00"]}, holidays: null}', 16, "needs a calendar"),
        ("params", '{hour: {all: ["08:00", "21:00"]}}', 16, "unknown; known here are"),
    ],
)
def test_a_fault_is_named_by_line_rule_and_reason(
    old: str, new: str, line: int, reason: str
) -> None:
    text = HEAD + "\n".join(
        f"    {old}: {new}" if row.startswith(f"    {old}:") else row for row in WINDOW.splitlines()
    )
    found = faults(text)
    assert any(each.startswith(f"line {line}") and reason in each for each in found), found
    if "not a day" not in reason:
        assert any("XX-HOURS" in each for each in found), found


def test_every_fault_is_named_at_once() -> None:
    text = HEAD.replace("class: law", "class: rumour") + WINDOW.replace("third", "nobody").replace(
        "confidence: S", "confidence: Z"
    )
    found = faults(text)
    assert [each.split(":")[0].split(",")[0] for each in found] == ["line 2", "line 9", "line 13"]


def test_a_fault_of_a_later_rule_does_not_hide_behind_an_earlier_one() -> None:
    text = HEAD + WINDOW.replace("third", "nobody") + WINDOW.replace("XX-HOURS", "lower-case")
    found = faults(text)
    assert any("line 9" in each for each in found)
    assert any("line 17" in each for each in found)


def test_a_missing_member_is_named() -> None:
    found = faults(HEAD + WINDOW.replace('    citation: "the law"\n', ""))
    assert found == ["line 6, XX-HOURS/citation: is missing"]


def test_the_same_id_needs_parts_to_tell_its_records_apart() -> None:
    assert "is there twice; tell them apart by `part`" in faults(HEAD + WINDOW + WINDOW)[0]
    second = WINDOW.replace("    kind:", "    part: evenings\n    kind:")
    assert len(read_book(HEAD + WINDOW + second).rules) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: a rule book is a mapping"),
        ("- a\n- b\n", "line 1: a rule book is a mapping"),
        ("name: [", "not YAML"),
        ("a: &x 1\nb: *x\n", "line 2: aliases are not taken"),
        ("name: a\nname: b\n", "line 2: 'name' stands there twice"),
        (HEAD + "  - just text\n", "must be a rule: a mapping"),
        (HEAD.replace("rules:", "rules: []"), "must be a list of 1 to"),
        (HEAD.replace('"2026-11-22"', '"tomorrow"') + WINDOW, "line 4"),
        (HEAD.replace("name: trial", "name: Trial Book") + WINDOW, "line 1"),
        ("a: " + "[" * 100 + "]" * 100, "nested too deep"),
    ],
)
def test_what_is_no_rule_book_is_refused_with_words(text: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_book(text)
    told = [caught.value.detail, *(error.detail for error in caught.value.errors)]
    assert any(reason in each for each in told), told


def test_yaml_springs_no_surprises() -> None:
    data = read_document(
        "a: NO\nb: on\nc: 08:00\nd: 010\ne: 2026-03-01\nf: true\ng: '7'\nh:\n"
    ).data
    assert data == {
        "a": "NO",
        "b": "on",
        "c": "08:00",
        "d": "010",
        "e": date(2026, 3, 1),
        "f": True,
        "g": "7",
        "h": None,
    }


@pytest.mark.parametrize(
    ("kind", "params", "reason"),
    [
        ("cap", "{most: 7}", "needs one of `days`, `period`, `minutes`"),
        ("cap", "{most: 7, days: 7, period: week}", "needs one of `days`, `period`, `minutes`"),
        ("cap", "{most: 0, days: 7}", "must be at least 1"),
        ("cap", "{most: 7, days: 7, per: planet}", "must be one of"),
        ("bar", "{since: debtor.deceased}", "is no fact that holds a day"),
        ("bar", "{days: 60}", "need `since`"),
        ("bar", "{effect: defer, since: debtor.breathing_space_from}", "a pause ends"),
        ("consent", "{routes: []}", "must not be empty"),
        ("consent", "{routes: [{name: a, when: {no.such: true}}]}", "there is no fact 'no.such'"),
        ("waiting", "{wait_days: 5}", "needs one of `notice` and `sent_on`"),
        ("waiting", "{notice: a, sent_on: debt.entered_on, wait_days: 5}", "needs one of"),
        ("waiting", "{sent_on: debt.disputed, wait_days: 5}", "is no fact of a day"),
        ("waiting", "{notice: a}", "needs `wait_days`"),
        ("waiting", "{notice: a, period_days: 3, receipt_days: 5}", "needs a `receipt_calendar`"),
        ("content", "{}", "needs `forbids` or `requires`"),
        ("content", "{forbids: [jokes]}", "no such content; there are opt_out_line"),
        ("interest", "{}", "needs `rate` or `fixed`"),
        ("interest", "{fixed: [{sum_minor: 1}, {sum_minor: 2}]}", "must be rising bands"),
        ("interest", "{rate: {margin_percent: eight}}", "margin_percent"),
        (
            "interest",
            '{rate: {margin_percent: "8", reference_days: ["02-30"]}}',
            "is not a day of every year",
        ),
        ("disclosure", "{texts: []}", "must not be empty"),
        ("gate", "{extends: []}", "must not be empty"),
        ("approval", "{}", "is missing"),
        ("retention", "{years: 0}", "must be at least 1"),
    ],
)
def test_each_kind_checks_its_own_parameters(kind: str, params: str, reason: str) -> None:
    text = HEAD + WINDOW.replace("kind: window", f"kind: {kind}")
    lines = [
        f"    params: {params}" if line.startswith("    params:") else line
        for line in text.splitlines()
    ]
    found = faults("\n".join(lines))
    assert any(each.startswith("line 16, XX-HOURS/params") and reason in each for each in found), (
        found
    )


def test_books_of_one_name_or_with_one_rule_are_refused() -> None:
    with pytest.raises(Invalid, match="two books are named trial"):
        RuleSet.of([book(), book()])
    other = read_book(HEAD.replace("trial", "other") + WINDOW)
    with pytest.raises(Invalid, match="XX-HOURS stands in trial and in other"):
        RuleSet.of([book(), other])


def test_law_applies_unless_packs_are_named() -> None:
    policy = read_book(
        HEAD.replace("trial", "house").replace("class: law", "class: policy")
        + WINDOW.replace("XX-HOURS", "HOUSE-HOURS")
    )
    books = RuleSet.of([book(), policy])
    assert [each.name for each in books.select(None).books] == ["trial"]
    assert [each.name for each in books.select(frozenset({"house"})).books] == ["house"]
    with pytest.raises(Invalid) as caught:
        books.select(frozenset({"mars"}))
    assert caught.value.errors[0].pointer == "/packs"
    assert "there is no rule book 'mars'; there are house, trial" in caught.value.errors[0].detail


def test_books_of_several_versions_are_each_named_in_the_answer() -> None:
    other = read_book(
        HEAD.replace("trial", "other").replace("2026-11-22", "2026-12-01")
        + WINDOW.replace("XX-HOURS", "YY-HOURS")
    )
    asked = question("us-ny", {})
    assert "rulebooks" not in ask(RuleSet.of([book()]), asked)
    answer = ask(RuleSet.of([book(), other]), asked)
    assert answer["rulebook_version"] == "2026-12-01"
    assert answer["rulebooks"] == {"other": "2026-12-01", "trial": "2026-11-22"}


def test_a_reference_to_no_rule_is_told() -> None:
    gate = WINDOW.replace("kind: window", "kind: gate").replace("XX-HOURS", "XX-GATE")
    lines = [
        "    params: {extends: [XX-HOURS, XX-NONE, YY-*]}" if "params:" in line else line
        for line in gate.splitlines()
    ]
    books = RuleSet.of([read_book(HEAD + WINDOW + "\n".join(lines))])
    assert books.missing_references == ("XX-GATE names XX-NONE", "XX-GATE names YY-*")


def test_time_zone_data_older_than_a_book_demands_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    demanding = HEAD.replace("rules:", "tzdata_min: 2026c\nrules:") + WINDOW
    RuleSet.of([read_book(demanding)]).check_tzdata()
    monkeypatch.setattr(rule_set_module, "TZDATA_VERSION", "2026b")
    with pytest.raises(Unavailable, match="is 2026b, the rule books demand 2026c or later"):
        RuleSet.of([read_book(demanding)]).check_tzdata()


def test_the_schema_takes_the_shipped_books_and_refuses_a_bad_one() -> None:
    found = schema()
    json.dumps(found)
    validator = jsonschema.Draft202012Validator(found)
    for data in shipped_data():
        assert not list(validator.iter_errors(json.loads(json.dumps(data, default=str))))
    bad = json.loads(json.dumps(next(iter(shipped_data())), default=str))
    bad["rules"][0]["kind"] = "hours"
    assert list(validator.iter_errors(bad))


def test_the_shipped_books_name_nothing_that_is_not_there() -> None:
    books = RuleSet.of([read_book(text) for text in shipped_texts().values()])
    assert books.missing_references == ()
    assert books.rules
