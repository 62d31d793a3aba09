"""The small language of `when` and `unless`: a mapping of fact to test, all of which must hold, and
of `all`, `any`, `not`, `surely` with conditions below.
"""

from collections.abc import Mapping
from typing import Any

from services.outreach.compliance.conditions.condition import (
    ALWAYS,
    Condition,
    all_of,
    any_of,
    negation,
    surely,
)
from services.outreach.compliance.conditions.fact_tests import fact_test
from services.outreach.compliance.facts.vocabulary import FACTS
from shared.errors import FieldError
from shared.field_errors import escape


def compile_condition(raw: Any, pointer: str, errors: list[FieldError]) -> Condition:
    """A condition from its plain data. Faults go to `errors`; the result is then of no use."""
    if not isinstance(raw, Mapping) or not raw:
        errors.append(FieldError(pointer, "must be conditions: a mapping of fact to test"))
        return ALWAYS
    parts = tuple(_entry(str(key), test, pointer, errors) for key, test in raw.items())
    return parts[0] if len(parts) == 1 else all_of(parts)


def _entry(key: str, test: Any, pointer: str, errors: list[FieldError]) -> Condition:
    at = f"{pointer}/{escape(key)}"
    if key in {"all", "any"}:
        if not isinstance(test, list | tuple) or not test:
            errors.append(FieldError(at, "must be a list of conditions"))
            return ALWAYS
        inner = tuple(
            compile_condition(item, f"{at}/{number}", errors) for number, item in enumerate(test)
        )
        return all_of(inner) if key == "all" else any_of(inner)
    if key == "not":
        return negation(compile_condition(test, at, errors))
    if key == "surely":
        return surely(compile_condition(test, at, errors))
    fact = FACTS.get(key)
    if fact is None:
        errors.append(FieldError(at, f"there is no fact {key!r}{_near(key)}"))
        return ALWAYS
    try:
        return fact_test(fact, test)
    except ValueError as error:
        errors.append(FieldError(at, str(error)))
        return ALWAYS


def _near(key: str) -> str:
    leaf = key.rpartition(".")[2]
    near = sorted(name for name in FACTS if name.rpartition(".")[2] == leaf or leaf in name)
    return f"; do you mean {', '.join(near[:3])}?" if leaf and near else ""
