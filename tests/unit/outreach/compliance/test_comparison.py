"""The dry run of a rule book: which answers change, and because of which rule."""

from services.outreach.compliance import RuleSet, compare, read_book, read_question
from tests.unit.outreach.compliance.questions import question

BOOK = """\
name: trial
class: law
title: A trial
version: "{version}"
rules:
  - id: XX-HOURS
    kind: window
    jurisdiction: any
    binds: both
    debts: both
    channels: [voice]
    effective: {{from: null, to: null}}
    confidence: S
    citation: "the law"
    params: {{hours: {{all: ["08:00", "{closes}"]}}}}
"""
EVENING, NOON = "2026-11-25T02:30:00Z", "2026-11-24T18:00:00Z"  # 20:30 and 12:00 in Chicago


def books(closes: str, version: str = "2026-11-22") -> RuleSet:
    return RuleSet.of([read_book(BOOK.format(closes=closes, version=version))])


def test_only_what_changes_is_told_with_the_rule_that_makes_it() -> None:
    asked = [read_question(question("us-il", {"at": at})) for at in (NOON, EVENING, NOON)]
    found = compare(asked, books("21:00"), books("20:00"))
    assert (found.asked, found.stricter, found.laxer) == (3, 1, 0)
    (change,) = found.changes
    assert (change.index, change.before.verdict, change.after.verdict) == (1, "allow", "defer")
    assert change.because.startswith("XX-HOURS: 20:30 in America/Chicago, window opens at 08:00")
    assert dict(found.moves) == {("allow", "defer"): 1}


def test_what_gets_laxer_names_the_rule_that_falls() -> None:
    asked = [read_question(question("us-il", {"at": EVENING}))]
    found = compare(asked, books("20:00"), books("21:00"))
    assert (found.stricter, found.laxer) == (0, 1)
    assert found.changes[0].because == "XX-HOURS no longer stands against it"


def test_another_version_alone_changes_nothing() -> None:
    asked = [read_question(question("us-il", {"at": at})) for at in (NOON, EVENING)]
    assert not compare(asked, books("21:00"), books("21:00", "2026-12-01")).changes
