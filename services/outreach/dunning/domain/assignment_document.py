"""Rules of assignment from their text, with every fault named at once."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from services.outreach.dunning.domain.assignments import AssignmentRule, Assignments
from services.outreach.dunning.domain.condition_text import (
    ASSIGNMENT_WORDS,
    case_schema,
    read_when,
)
from services.outreach.dunning.domain.conditions import ALWAYS
from services.outreach.dunning.domain.strategy_document import NONE, version_fault
from services.outreach.dunning.domain.strategy_text import DIALECT, FORMS, Name
from services.outreach.dunning.domain.text_reading import TextReading, placed, read_object

ASSIGNMENTS: Final = "strategy-assignments"  # the only name of the kind
WORD: Final = "set of strategy assignments"
RULES_MAX: Final = 500


class RuleText(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom it takes, and which strategy they are on; `none`: no contact of its own accord."""

    strategy: Name
    when: Any = None


class AssignmentsText(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first rule that takes an account counts; the last has no `when`."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    rules: Any


def parse_assignments(text: str) -> Assignments:
    """Rules from YAML or JSON. Raises `Invalid` with every fault."""
    document = read_object(text, WORD)
    reading = TextReading(FORMS)
    top = reading.object(document.data, AssignmentsText, "")
    assert top is not None, "it is an object"
    if top.version is not None and (fault := version_fault(top.version)):
        reading.fault("/version", fault)
    rules = []
    read = (
        []
        if "rules" not in document.data
        else (reading.items(top.rules, RuleText, "/rules", RULES_MAX))
    )
    for index, rule in enumerate(read):
        if rule is None:
            continue
        at, is_last = f"/rules/{index}", index == len(read) - 1
        when = ALWAYS
        if is_last and rule.when is not None:
            words = "the last rule takes all who are left: it must have no `when`"
            reading.fault(f"{at}/when", words)
        elif not is_last and rule.when in (None, {}):
            words = "is missing: without it no later rule is ever reached"
            reading.fault(f"{at}/when", words)
        elif rule.when is not None:
            when = read_when(reading, rule.when, f"{at}/when", ASSIGNMENT_WORDS)
        name = None if rule.strategy == NONE else rule.strategy
        rules.append(AssignmentRule(strategy=name, when=when))
    if reading.errors:
        raise placed(document, reading.errors, WORD)
    return Assignments(version=top.version, rules=tuple(rules))


def assignments_schema() -> dict[str, Any]:
    """Draft 2020-12. That only the last rule takes everybody is left out."""
    references, parts = msgspec.json.schema_components(
        [AssignmentsText, RuleText], ref_template="#/$defs/{name}"
    )
    top, rule = references
    parts["RuleText"]["properties"]["when"] = case_schema(ASSIGNMENT_WORDS)
    parts["AssignmentsText"]["properties"]["rules"] = {
        "type": "array",
        "items": rule,
        "minItems": 1,
        "maxItems": RULES_MAX,
    }
    return {"$schema": DIALECT, "title": "Strategy assignments", **top, "$defs": parts}
