"""What must hold whatever the rules say: nothing that is added, hidden or reordered helps.

Verdicts are ordered allow < defer < require_approval < block; a later `until` is stricter.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.compliance import (
    RuleBook,
    RuleSet,
    evaluate,
    read_question,
    timeline,
)
from tests.unit.outreach.compliance.asked import (
    ADDRESSES,
    NUMBERS,
    PUBLIC,
    attempts,
    members,
    moment,
    questions,
    with_address,
    with_phone,
)
from tests.unit.outreach.compliance.case_files import ask, load
from tests.unit.outreach.compliance.questions import Json, instant, override
from tests.unit.outreach.compliance.shipped import shipped_books, shipped_rule_books

pytestmark = pytest.mark.slow

_RANKS = {"allow": 0, "defer": 1, "require_approval": 2, "block": 3}
_SECOND = timedelta(seconds=1)
_BOOKS = shipped_books()

# What may be left out though it speaks against the contact, each with the reason.
_MAY_BE_LEFT_OUT = {
    "person": "who isn't said to be somebody else is the debtor",
    "reassigned": "no law makes anybody ask the database",
    "name_signals_collection": "a creditor goes by its own name",
    "amount_minor": "what interest is due stops no contact",
    "currency": "what interest is due stops no contact",
}
many = settings(
    max_examples=40,
)


def strictness(answer: Json) -> tuple[int, str]:
    return _RANKS[answer["verdict"]], answer.get("until", "")


def harmless(answer: Json) -> tuple[int, str]:
    """As `strictness`, but what a person must find out is as strict as what is known to bar:
    hiding the reason of a block may leave no more than the question."""
    rank, until = strictness(answer)
    return min(rank, 2), until


def rebuilt(change: Callable[[RuleBook], list[Any]]) -> RuleSet:
    return RuleSet.of([replace(book, rules=tuple(change(book))) for book in shipped_rule_books()])


# ── The six properties of the rule collection ───────────────────────────────────────────────────


@many
@given(questions(), st.sampled_from(NUMBERS))
def test_one_more_number_never_loosens(asked: Json, number: str) -> None:
    assert strictness(ask(_BOOKS, with_phone(asked, number))) >= strictness(ask(_BOOKS, asked))


@many
@given(questions(), st.sampled_from(ADDRESSES))
def test_one_more_address_never_loosens(asked: Json, address: Json) -> None:
    assert strictness(ask(_BOOKS, with_address(asked, address))) >= strictness(ask(_BOOKS, asked))


@settings(many, max_examples=25)
@given(questions(), st.integers(0, 2**32), st.floats(0.02, 0.6))
def test_one_more_rule_never_loosens(asked: Json, seed: int, share: float) -> None:
    random = Random(seed)
    fewer = rebuilt(lambda book: [rule for rule in book.rules if random.random() > share])
    assert strictness(ask(_BOOKS, asked)) >= strictness(ask(fewer, asked))


@many
@given(st.data(), questions())
def test_one_more_attempt_never_loosens(data: st.DataObject, asked: Json) -> None:
    attempt = data.draw(attempts(moment(asked["at"]), by=("collector",)))
    more = override(asked, {"history.+": attempt})
    assert strictness(ask(_BOOKS, more)) >= strictness(ask(_BOOKS, asked))


@settings(many, max_examples=80)
@given(questions(), st.lists(st.floats(0, 1), max_size=3))
def test_what_is_deferred_is_allowed_then_and_not_a_second_sooner(
    asked: Json, shares: list[float]
) -> None:
    answer = ask(_BOOKS, asked)
    if answer["verdict"] == "defer":
        _comes_true(asked, answer["until"], shares)


def test_what_a_case_is_deferred_to_comes_true() -> None:
    deferred = 0
    for case in load():
        answer = ask(_BOOKS, case.question)
        if answer["verdict"] == "defer":
            deferred += 1
            _comes_true(case.question, answer["until"], [0.25, 0.5, 0.9])
    assert deferred > 200


def _comes_true(asked: Json, named: str, shares: list[float]) -> None:
    """At the instant named the contact is allowed; at none before, and none before says less."""
    at, until = moment(asked["at"]), moment(named)
    assert until > at
    then = ask(_BOOKS, {**asked, "at": named})
    assert then["verdict"] == "allow", (asked, named, then)
    seconds = int((until - at).total_seconds())
    between = [at + timedelta(seconds=int(share * seconds)) for share in shares]
    for sooner in (until - _SECOND, until - 60 * _SECOND, *between):
        if at < sooner < until:
            before = ask(_BOOKS, {**asked, "at": instant(sooner)})
            assert strictness(before) == (1, named), (asked, named, before)


@many
@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_the_history_is_irrelevant(asked: Json, random: Random) -> None:
    shuffled = random.sample(asked["history"], len(asked["history"]))
    assert ask(_BOOKS, {**asked, "history": shuffled}) == ask(_BOOKS, asked)


@many
@given(questions(), st.integers(1, 9000))
def test_a_rule_says_nothing_long_before_its_day(asked: Json, days: int) -> None:
    at = moment(asked["at"]) - timedelta(days=days)
    earlier = {**asked, "at": instant(at), "history": []}
    for debt in earlier["debts"]:
        debt["validation_notice_sent_on"] = str(at.date() - timedelta(days=80))
    earlier = override(
        earlier,
        {
            "debtor.consents": [],
            "debtor.opt_outs": [],
            "debtor.attorney": None,
            "debts.0.notices": [],
            "debts.1.notices": [],
        },
    )
    in_time = rebuilt(lambda book: [rule for rule in book.rules if _near(rule, at)])
    assert ask(in_time, earlier) == ask(_BOOKS, earlier)


def _near(rule: Any, at: Any) -> bool:
    """Whether a rule is in force within a month of an instant: so far an answer may look."""
    day, month = at.date(), timedelta(days=31)
    begins, ends = rule.since, rule.until
    return (begins is None or begins <= day + month) and (ends is None or ends >= day - month)


@many
@given(st.data(), questions())
def test_what_is_not_known_never_helps(data: st.DataObject, asked: Json) -> None:
    names = [name for name in members(asked) if name.rpartition(".")[2] not in _MAY_BE_LEFT_OUT]
    paths = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
    less = asked
    for path in sorted(set(paths), key=len, reverse=True):
        less = override(less, {path: "__drop__"})
    assert harmless(ask(_BOOKS, less)) >= harmless(ask(_BOOKS, asked)), paths


_SHARE = 8  # so many tests share the cases


@pytest.mark.parametrize("turn", range(_SHARE))
def test_a_member_left_out_of_a_case_never_helps(turn: int) -> None:
    """The cases are where the rules bite: there each public member is left out in turn."""
    loosened = []
    for number, case in enumerate(load()):
        if number % _SHARE != turn or "packs" in case.question:
            continue
        strict = harmless(ask(_BOOKS, case.question))
        if strict[0] == 0:
            continue
        for place, path in enumerate(members(case.question)):
            if (number // _SHARE + place) % 2:
                continue  # each member in every other case
            name = path.rpartition(".")[2]
            if name in _MAY_BE_LEFT_OUT or name not in PUBLIC:
                continue
            if name == "to" and not _on_file(case.question):
                continue  # who names no number means one of those on file
            less = _without(case.question, path.split("."))
            if harmless(ask(_BOOKS, less)) < strict:
                loosened.append(f"{case.id} without {path}")
    assert not loosened


def _without(node: Any, way: list[str]) -> Any:
    """A question less one member; only what is on the way to it is copied."""
    step, *rest = way
    if isinstance(node, list):
        place = int(step)
        return [*node[:place], _without(node[place], rest), *node[place + 1 :]]
    if rest:
        return {**node, step: _without(node[step], rest)}
    return {name: value for name, value in node.items() if name != step}


def _on_file(asked: Json) -> bool:
    debtor = asked["debtor"]
    known = [phone["number"] for phone in debtor.get("phones") or ()]
    known += [email["address"] for email in debtor.get("emails") or ()]
    return asked["contact"].get("to") in known


# ── And what the design adds ────────────────────────────────────────────────────────────────────


@settings(many, max_examples=25)
@given(questions(), st.integers(0, 2**32))
def test_the_order_of_rules_and_books_is_irrelevant(asked: Json, seed: int) -> None:
    random = Random(seed)
    books = [
        replace(book, rules=tuple(random.sample(book.rules, len(book.rules))))
        for book in shipped_rule_books()
    ]
    random.shuffle(books)
    question = read_question(asked)
    first, second = evaluate(question, _BOOKS), evaluate(question, RuleSet.of(books))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


@many
@given(questions())
def test_the_same_question_gets_the_same_bytes(asked: Json) -> None:
    first = msgspec.json.encode(evaluate(read_question(asked), _BOOKS))
    again = msgspec.json.encode(evaluate(read_question(msgspec.json.encode(asked)), _BOOKS))
    assert first == again


@many
@given(questions())
def test_an_answer_is_whole_and_in_the_published_shape(asked: Json) -> None:
    answer = ask(_BOOKS, asked)
    assert ("until" in answer) == (answer["verdict"] == "defer")
    assert ("role" in answer) == (answer["verdict"] == "require_approval")
    if answer["verdict"] != "allow":
        assert answer["decided_by"], answer
    for row in [*answer["decided_by"], *answer["also"]]:
        assert row["because"], row
        assert _RANKS[row["effect"]] <= _RANKS[answer["verdict"]], answer
    assert {row["effect"] for row in answer["decided_by"]} <= {answer["verdict"]}


@settings(many, max_examples=25)
@given(questions(), st.lists(st.integers(0, 14 * 24 * 60 - 1), min_size=1, max_size=4))
def test_the_timeline_says_what_will_be_answered_then(asked: Json, minutes: list[int]) -> None:
    at = moment(asked["at"])
    stretches = timeline(read_question(asked), _BOOKS)
    assert stretches[0].start == at
    assert stretches[-1].end == at + timedelta(days=14)
    for one, other in pairwise(stretches):
        assert one.end == other.start
        assert (one.verdict, one.rules) != (other.verdict, other.rules)
    for minute in minutes:
        then = at + timedelta(minutes=minute)
        stretch = next(each for each in stretches if each.start <= then < each.end)
        answer = ask(_BOOKS, {**asked, "at": instant(then)})
        if stretch.verdict == "defer":  # at its far end no lawful hour may be left to name
            assert answer["verdict"] in {"defer", "require_approval"}
        else:
            assert answer["verdict"] == stretch.verdict
    now = ask(_BOOKS, asked)
    if now["verdict"] == "defer" and moment(now["until"]) < stretches[-1].end:
        free = next(each for each in stretches if each.verdict == "allow")
        assert free.start == moment(now["until"])


def test_the_timeline_knows_when_a_confirmed_zone_lapses() -> None:
    asked = next(case.question for case in load() if case.id == "odd-confirmation-expires")
    free = [
        each for each in timeline(read_question(asked), _BOOKS, days=1) if each.verdict == "allow"
    ]
    assert [each.start for each in free] == [moment("2026-11-25T18:00:00Z")]
    assert free[0].end == moment("2026-11-26T05:00:00Z")  # nine in the evening in Los Angeles
