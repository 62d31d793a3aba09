"""Questions drawn at random, put to the service's domain in memory and to the oracle."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from services.metrics.domain.questions import Question as Asked
from services.metrics.domain.rates import Rate, Rates
from shared.events import Received
from tests.metrics_figures import Memory
from tests.oracles.metrics.answers import FIGURES, Question, answer
from tests.oracles.metrics.book import Book
from tests.oracles.metrics.costs import BY_TOUCH
from tests.oracles.metrics.reading import read
from tests.portfolios.generated import BASE, EXPERIMENT

NUMBERS = ("value", "numerator", "denominator")
VALUES: Mapping[str, tuple[str, ...]] = {
    "segment": ("a", "b", "patron", ""),
    "country": ("DE", "US", ""),
    "kind": ("consumer", "business"),
    "arm": ("std", "call", ""),
    "channel": ("email", "sms", "voice", ""),
    "strategy": ("consumer", "firm", ""),
    "collector": ("ann", "bob", ""),
    "method": ("card", "transfer", ""),
    "agency": ("agency-1", "agency-2"),
    "rule": ("contact-hours", "no-address"),
    "result": ("sent", "uncertain"),
}


@dataclass(frozen=True)
class Difference:
    question: Question
    where: str
    found: Any
    expected: Any


def a_question(rng: Random, name: str, splits: Sequence[str]) -> Question:
    figure = FIGURES[name]
    start = BASE + timedelta(days=rng.randint(-10, 130))
    end = start + timedelta(days=rng.choice((0, 6, 30, 59, 89, 150, 210)))
    interval = rng.choice((None, None, None, "month", "week"))
    if name == "roll_rate":
        start = start.replace(day=1)
        month = (start + timedelta(days=32)).replace(day=1)
        end = month if rng.random() < 0.5 else (month + timedelta(days=32)).replace(day=1)
        end -= timedelta(days=1)
        interval = rng.choice((None, "month"))
    filters, group_by = {}, []
    per = rng.choice((None, *figure.per))
    usable = [each for each in splits if each not in ("currency", "agency")]
    if per == "placement":
        usable.append("agency")
    for split in rng.sample(usable, min(len(usable), rng.choice((0, 0, 1, 1, 2)))):
        if rng.random() < 0.4 and split not in ("bucket", "arm"):
            filters[split] = tuple(rng.sample(VALUES[split], rng.choice((1, 1, 2))))
        else:
            group_by.append(split)
    currency = None
    if figure.is_per_currency:
        currency = rng.choice(("EUR", "EUR", "EUR", "USD", "JPY"))
        if rng.random() < 0.1:
            currency, group_by = None, [*group_by, "currency"]
    into, by = None, rng.choice(figure.by)
    if figure.is_per_currency and name != "roll_rate" and rng.random() < 0.1:
        into, by, per, currency = "EUR", "amount", None, None
        by = "amount" if "amount" in figure.by else by
        group_by = [each for each in group_by if each not in ("currency", "agency")]
        filters.pop("agency", None)
    if per == "account":  # a stock of accounts, over all currencies
        by, into, group_by = "count", None, [each for each in group_by if each != "currency"]
    as_of = start + timedelta(days=rng.randint(-5, 150)) if rng.random() < 0.25 else None
    at = end + timedelta(days=rng.choice((0, 5, 29, 60, 200, 330))) if rng.random() < 0.5 else None
    return Question(
        name,
        start,
        end,
        currency,
        by,
        per,
        tuple(sorted(group_by)),
        filters,
        EXPERIMENT if "arm" in group_by else None,
        interval,
        at if figure.kind == "cohort" and per != "account" else None,
        as_of,
        into=into,
    )


def asked(memory: Memory, question: Question, zone: str, book: Book) -> dict[str, Any]:
    """The answer of the domain in memory, by the rates that are in the book."""
    return memory.figured(of_domain(memory, question, zone, book), zone).answer()


def of_domain(memory: Memory, question: Question, zone: str, book: Book) -> Asked:
    """The question as the domain has it."""
    more: dict[str, Any] = {
        "currency": question.currency,
        "group_by": question.group_by,
        "filters": dict(question.filters or {}),
        "interval": question.interval,
        "by": question.by,
        "per": question.per or "",
        "at": question.at,
        "experiment": question.experiment or "",
    }
    if question.into is not None:
        known = [
            Rate(currency, date.fromordinal(on), Decimal(rate.numerator) / rate.denominator)
            for currency, on, rate in book.rates.get(question.into, ())
        ]
        more |= {"into": question.into, "rates": Rates.of(question.into, known)}
    start, end = question.start, question.end
    return memory.question(question.name, start, end, zone=zone, as_of=question.as_of, **more)


def differences(
    question: Question, found: dict[str, Any], expected: dict[str, Any]
) -> Iterator[Difference]:
    """Where an answer is not the oracle's."""
    is_mixed = question.figure.is_per_currency and question.currency is None
    if question.into is not None or not is_mixed:
        yield from _compared(question, "whole", found, expected)
    if not question.group_by:
        return
    if question.name == "cost_to_collect":
        yield from _untouched(question, found, expected)
    groups = {
        tuple(group["key"][name] or "" for name in question.group_by): group
        for group in found["groups"]
    }
    nothing: dict[str, Any] = {}
    for key in sorted({*groups, *expected["groups"]}):
        yield from _compared(
            question,
            f"group {key}",
            groups.get(key, nothing),
            expected["groups"].get(key, nothing),
        )


def _untouched(
    question: Question, found: dict[str, Any], expected: dict[str, Any]
) -> Iterator[Difference]:
    """Cash without a touch is in no group: the answer's head says how much that is."""
    by_touch = BY_TOUCH.issuperset(question.group_by) and question.currency is not None
    for group in list(expected["groups"].values())[:1] if by_touch else ():
        untouched = group["untouched_minor"]
        if not question.filters and not is_same(found["untouched_minor"], untouched):
            yield Difference(question, "untouched", found["untouched_minor"], untouched)


def _compared(
    question: Question, where: str, found: dict[str, Any], expected: dict[str, Any]
) -> Iterator[Difference]:
    numbers = NUMBERS[:1] if question.figure.is_value_only else NUMBERS
    names = (*numbers, *question.figure.more)
    within = 0.5 if question.into is not None and question.figure.is_sum else 0.0  # whole units
    if question.into is not None and (expected.get("missing") or not (found and expected)):
        return
    if question.into is not None and found["numerator"] is None and not expected["value"]:
        return  # a rate was missing for what comes to nothing
    if found and expected:
        if not all(is_same(found.get(name), expected[name], within) for name in names):
            told = {name: found.get(name) for name in names}
            yield Difference(question, where, told, {name: expected[name] for name in names})
        parts = zip(found["series"], expected["series"], strict=True)
        for part, of_it in parts:
            if of_it.get("missing") or (
                question.into and part["numerator"] is None and not of_it["value"]
            ):
                continue
            if not all(is_same(part.get(name), of_it[name], within) for name in names):
                told = {name: part.get(name) for name in names}
                yield Difference(
                    question,
                    f"{where}, part from {part['from']}",
                    told,
                    {name: of_it[name] for name in names},
                )
        return
    for side in (found, expected):
        for told in (side, *side.get("series", ())) if side else ():
            if any(told.get(name) for name in NUMBERS):
                yield Difference(question, where, found or None, expected or None)
                return


def is_same(found: Any, expected: Any, within: float = 0.0) -> bool:
    if expected is None or found is None:
        return found is None and expected is None
    if isinstance(expected, Fraction) or isinstance(found, float):
        error = abs(float(found) - float(expected))
        return error <= within or error <= 1e-9 * max(1.0, abs(float(expected)))
    return bool(found == expected)


def compared(
    batches: Sequence[Sequence[Received]], question: Question, zone: str
) -> list[Difference]:
    """One question, put to a domain that takes the batches and to a book of the same events."""
    memory = Memory()
    for batch in batches:
        memory.take(batch)
    book = read([event for batch in batches for event in batch], zone, question.as_of)
    return list(differences(question, asked(memory, question, zone, book), answer(book, question)))
