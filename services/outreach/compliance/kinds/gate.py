"""Gates: they extend other rules to whom those do not reach by themselves (`gates.py` does it)."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from services.outreach.compliance.params import Params, Word
from services.outreach.compliance.rule import Kind, Stage


class Gate(Params, frozen=True, kw_only=True):
    """Extends other rules to whom they do not reach by themselves: California makes the federal
    hours bind a creditor of its own. The rules keep their conditions; scope and date come from
    the gate. A gate only ever adds.

    {extends: [US-REGF-TIME, US-REGF-CEASE]}
    """

    extends: Annotated[tuple[Word, ...], Meta(min_length=1)]  # ids, or US-REGF-* for a family
    but_not: tuple[Word, ...] = ()


def _extends(params: Gate, rule_id: str) -> bool:
    return _named(rule_id, params.extends) and not _named(rule_id, params.but_not)


def _named(rule_id: str, patterns: Sequence[str]) -> bool:
    return any(_fits(rule_id, each.split("*")) for each in patterns)


def _fits(rule_id: str, pieces: Sequence[str]) -> bool:
    """Whether an id has the pieces in their order, the first at its begin, the last at its end."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return rule_id == first
    if len(first) + len(last) > len(rule_id):
        return False
    if not (rule_id.startswith(first) and rule_id.endswith(last)):
        return False
    at, end = len(first), len(rule_id) - len(last)
    for piece in pieces[1:-1]:
        found = rule_id.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _references(params: Gate) -> tuple[str, ...]:
    return *params.extends, *params.but_not


KIND = Kind(
    name="gate",
    params=Gate,
    stage=Stage.DOCUMENTS,
    references=_references,
    extends=_extends,
)
