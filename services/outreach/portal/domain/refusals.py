"""What the ledger refuses, in words of the visitor's language: where, why, and what would do."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from services.outreach.channels.domain.amounts import Notation
from services.outreach.portal.domain.words import PortalWords
from shared.errors import FieldError

_FIELDS = {
    "amount_minor": "field-amount",
    "down_payment_minor": "field-amount",
    "due_on": "field-day",
    "pay_by_on": "field-day",
    "first_due_on": "field-day",
    "invoice_ids": "field-invoice",
    "invoice_id": "field-invoice",
    "charge_id": "field-invoice",
    "count": "field-count",
    "instalments": "field-count",
}
# Figures that would do, by the member of the ledger's answer.
_FIGURES = {
    "most_minor": "at-most",
    "least_minor": "at-least",
    "min_instalment_minor": "at-least",
    "total_minor": "all-of-it",
    "latest_on": "latest",
    "latest_first_on": "latest",
    "earliest_on": "earliest",
    "max_count": "count-at-most",
}
_PLAIN = frozenset({"type", "title", "status", "detail", "errors"})


def problem_words(
    status: int, problem: Mapping[str, Any], words: PortalWords, language: str
) -> str:
    """What is wrong, in one sentence or two."""
    if status == 412:
        return words.say(language, "moved")
    if status == 422:
        return words.say(language, "refused")
    because = problem.get("because")
    if isinstance(because, list):
        because = because[0] if because else None
    return because_words(str(because), words, language)


def because_words(because: str, words: PortalWords, language: str) -> str:
    """Why something may not be asked for now: the ledger's word, or what stands in the way."""
    first = because.split(" ")[0]
    name = {"plan": "because-arranged", "settlement": "because-arranged",
            "placement": "because-placed", "hold": "because-hold"}.get(first)  # fmt: skip
    name = name or f"because-{because}"
    return words.say(language, name if words.has(name) else "because-other")


def field_faults(
    problem: Mapping[str, Any],
    currency: str | None,
    words: PortalWords,
    language: str,
    notation: Notation,
) -> list[FieldError]:
    """Every fault at its place; the figures that would do stand with the first."""
    errors = problem.get("errors")
    faults = [
        (str(each.get("pointer", "")), _field_words(str(each.get("pointer", "")), words, language))
        for each in (errors if isinstance(errors, list) else ())
        if isinstance(each, Mapping)
    ] or [("", words.say(language, "field-other"))]
    figures = list(_figures(problem, currency, words, language, notation))
    first, *rest = faults
    told = [FieldError(first[0], " ".join([first[1], *figures]))]
    return told + [FieldError(pointer, detail) for pointer, detail in rest]


def figures_of(problem: Mapping[str, Any]) -> dict[str, Any]:
    """The ledger's figures and reasons, for programs."""
    kept = {*_FIGURES, "because", "state", "currency"}
    return {name: value for name, value in problem.items() if name in kept - _PLAIN}


def _field_words(pointer: str, words: PortalWords, language: str) -> str:
    parts = [part for part in pointer.split("/") if part and not part.isdigit()]
    name = next((_FIELDS[part] for part in reversed(parts) if part in _FIELDS), "field-other")
    return words.say(language, name)


def _figures(
    problem: Mapping[str, Any],
    currency: str | None,
    words: PortalWords,
    language: str,
    notation: Notation,
) -> Iterator[str]:
    for member, name in _FIGURES.items():
        value = problem.get(member)
        shown: object
        if member.endswith("_minor") and isinstance(value, int) and currency is not None:
            shown = notation.money(value, currency)
        elif member.endswith("_on") and isinstance(value, str):
            try:
                shown = notation.day(date.fromisoformat(value))
            except ValueError:
                continue
        elif member == "max_count" and isinstance(value, int):
            shown = value
        else:
            continue
        yield words.say(language, name, figure=shown)
