"""Questions to the contact governor as they are sent: one, or an array, read and answered.

What little work is done at once; the rest is for another process (`processes/questions.py`).
"""

from dataclasses import dataclass

import msgspec
from msgspec import UNSET, Raw
from msgspec.structs import replace

from services.outreach.compliance import (
    Question,
    ReferenceRate,
    Situation,
    check_size,
    evaluate,
    read_question,
    timeline,
)
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.errors import AppError, FieldError, Invalid, Unreadable

QUESTIONS_MAX = 1000
TIMELINE_DAYS = 14
# Up to here an answer takes a few milliseconds, and less than its way to another process.
BYTES_HERE_MAX = 16 * 1024
WORK_HERE_MAX = 2_000
_WORK_OF_A_DEBT = 60  # in past contacts looked at

_ITEMS = msgspec.json.Decoder(list[Raw])


@dataclass(frozen=True)
class Answers:
    """The answers in JSON, each in the place of its question."""

    items: list[bytes | AppError]
    is_array: bool


Rates = tuple[ReferenceRate, ...]  # that the tenant has loaded


def needs_rates(body: bytes) -> bool:
    """Whether any question may claim interest: only then does a reference rate matter."""
    return b"claims_interest" in body


def answer_little(versions: RuleBookVersions, body: bytes, rates: Rates = ()) -> Answers | None:
    """The answers; None: they are too much work to be done here. Raises `Invalid`, `Unreadable`."""
    if len(body) > BYTES_HERE_MAX:
        return None
    questions, is_array = _questions(body)
    if sum(map(_work, questions)) > WORK_HERE_MAX:
        return None
    return Answers([_answered(versions, each, rates) for each in questions], is_array)


def answer_all(versions: RuleBookVersions, body: bytes, rates: Rates = ()) -> Answers:
    """The answers, whatever work they are."""
    questions, is_array = _questions(body)
    return Answers([_answered(versions, each, rates) for each in questions], is_array)


def show_timeline(versions: RuleBookVersions, body: bytes, rates: Rates = ()) -> bytes:
    """The answer now, what it would be over the next days, and the zones, in JSON."""
    question = _with_rates(read_question(body), rates)
    check_size(question)
    books = versions.at(question.at).books
    return msgspec.json.encode(
        {
            "answer": evaluate(question, books),
            "stretches": timeline(question, books, days=TIMELINE_DAYS),
            "zones": Situation(question).zones,
        }
    )


def _questions(body: bytes) -> tuple[list[Question | AppError], bool]:
    """Each question or what is wrong with it, and whether they came in an array."""
    if not body.lstrip().startswith(b"["):
        return [_read(body)], False
    try:
        items = _ITEMS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"The body is not JSON: {error}") from error
    if len(items) > QUESTIONS_MAX:
        problem = FieldError("", f"has {len(items)} questions, {QUESTIONS_MAX} at most")
        raise Invalid("There are too many questions.", [problem])
    return [_read(bytes(item)) for item in items], True


def _read(data: bytes) -> Question | AppError:
    try:
        question = read_question(data)
        check_size(question)
    except AppError as error:
        return error
    return question


def _work(question: Question | AppError) -> int:
    if isinstance(question, AppError):
        return 0
    contacts = len(question.history) if isinstance(question.history, tuple) else 0
    return len(question.debts) * (_WORK_OF_A_DEBT + contacts)


def _with_rates(question: Question, rates: Rates) -> Question:
    """A question that names rates itself knows what it asks by."""
    if not rates or question.reference_rates is not UNSET:
        return question
    return replace(question, reference_rates=rates)


def _answered(
    versions: RuleBookVersions, question: Question | AppError, rates: Rates
) -> bytes | AppError:
    if isinstance(question, AppError):
        return question
    try:
        question = _with_rates(question, rates)
        return msgspec.json.encode(evaluate(question, versions.at(question.at).books))
    except AppError as error:
        return error
