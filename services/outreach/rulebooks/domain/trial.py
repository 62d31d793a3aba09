"""A rule book on trial: which of the contacts that were judged before it would have decided
otherwise, and why. Worked out in another process, slice by slice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from services.outreach.activity.domain.decisions import GUARDS, Judgement
from services.outreach.compliance import Answer, AnswerChange, evaluate, read_question
from services.outreach.rulebooks.domain.kind import rule_books
from services.outreach.rulebooks.domain.texts import book_of
from services.outreach.rulebooks.domain.versions import InForce, RuleBookVersions
from shared.errors import Invalid

EXAMPLES_MAX = 20


@dataclass
class Trial:
    """What a book would have made of the contacts that were judged before."""

    version: str
    judged: int = 0
    changed: int = 0
    is_cut_off: bool = False  # there are older contacts, past the limit
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)  # verdict before, after
    rules: Counter[str] = field(default_factory=Counter)  # that decide what changes
    examples: list["ChangedContact"] = field(default_factory=list)


@dataclass(frozen=True)
class ChangedContact:
    """A contact that a book on trial decides otherwise."""

    contact_id: str
    account_id: str
    at: datetime
    before: Answer
    after: Answer
    because: str  # the rule that makes the difference, in words


def begin_trial(_versions: RuleBookVersions, name: str, digest: str) -> Trial:
    """Nothing tried yet. Raises `Invalid` for a bad book, and for one of another name."""
    return Trial(rule_books(()).named(name, book_of(digest)).version)


def try_judgements(
    versions: RuleBookVersions, digest: str, trial: Trial, judgements: Sequence[Judgement]
) -> Trial:
    """The trial with some more contacts, each judged by the books of its instant, without and with
    this one."""
    book = book_of(digest)
    for judgement in judgements:
        _compare(
            trial, judgement, versions.at(judgement.at), versions.with_book(book, judgement.at)
        )
    return trial


def _compare(trial: Trial, judgement: Judgement, now: InForce, then: InForce) -> None:
    trial.judged += 1
    try:
        before = _answer(judgement.question, now)
        after = _answer(judgement.question, then)
    except Invalid:
        return  # what was known made no question: it was left to a person, and no book changes that
    if _gist(before) == _gist(after):
        return
    trial.changed += 1
    trial.moves[before.verdict, after.verdict] += 1
    trial.rules.update(_deciding(before) ^ _deciding(after))
    if len(trial.examples) < EXAMPLES_MAX:
        trial.examples.append(
            ChangedContact(
                judgement.contact_id,
                judgement.account_id,
                judgement.at,
                before,
                after,
                AnswerChange(trial.judged - 1, before, after).because,
            )
        )


def _answer(question: bytes, in_force: InForce) -> Answer:
    asked = msgspec.structs.replace(read_question(question), packs=in_force.packs)
    return evaluate(asked, in_force.books, guards=GUARDS)


def _gist(answer: Answer) -> tuple[object, ...]:
    """What of an answer changes a contact: the verdict, its instant, the disclosures."""
    texts = frozenset(disclosure.text_id for disclosure in answer.disclosures)
    return (answer.verdict, answer.until, answer.role, texts)


def _deciding(answer: Answer) -> set[str]:
    """The rules that stand against the contact, or want something disclosed."""
    against = {each.rule for each in answer.decided_by if each.effect != "allow"}
    return against | {each.rule for each in answer.disclosures}


def counted(trial: Trial) -> list[Mapping[str, object]]:
    """How many would go from which verdict to which, most first."""
    return [
        {"from_verdict": one, "to_verdict": two, "contacts": count}
        for (one, two), count in trial.moves.most_common()
    ]
