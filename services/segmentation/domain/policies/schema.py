"""The JSON Schema of a segment policy, made from the classes and the vocabulary: an editor that
knows it completes names and underlines what the service would refuse."""

from typing import Any

import msgspec

from services.segmentation.domain.policies.document import RISKS, Document
from services.segmentation.domain.policies.faults import KINDS
from services.segmentation.domain.policies.vocabulary import VOCABULARY, Condition

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_AMOUNT = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]
}


def json_schema() -> dict[str, Any]:
    """Draft 2020-12. What no schema can say (order, sums, what never is reached) is not in it."""
    (reference,), parts = msgspec.json.schema_components([Document], ref_template="#/$defs/{name}")
    case = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _condition(word) for name, word in sorted(VOCABULARY.items())},
    }
    parts["When"] = case
    cases = {
        "anyOf": [
            {"$ref": "#/$defs/When"},
            {"type": "array", "items": {"$ref": "#/$defs/When"}, "minItems": 1},
        ]
    }
    segment = parts["Segment"]["properties"]
    segment["when"] = {**cases, "description": "Who is taken: all conditions of one of these hold."}
    segment["keep_when"] = {**cases, "description": "Who is in it stays while one of these holds."}
    parts["Document"]["properties"]["segments"]["minItems"] = 1
    return {"$schema": DIALECT, "title": "Segment policy", **reference, "$defs": parts}


def _condition(condition: Condition) -> dict[str, Any]:
    words = condition.meaning
    if condition.side in ("from", "below"):
        words = f"{words}: {'at least' if condition.side == 'from' else 'less than'}"
    elif condition.side in ("any", "all", "none"):
        words = f"{words}: {condition.side} of these"
    return {"description": words, **_form(condition)}


def _form(condition: Condition) -> dict[str, Any]:
    if condition.form == "flag":
        return {"type": "boolean"}
    if condition.form in ("words", "risk", "tags"):
        known = {"risk": RISKS, "kind": KINDS}.get(condition.name)
        item = {"enum": list(known)} if known else {"type": "string", "minLength": 1}
        return {"type": "array", "items": item, "minItems": 1}
    if condition.form == "amount":
        by_currency = {"type": "object", "additionalProperties": _AMOUNT, "minProperties": 1}
        return {"anyOf": [*_AMOUNT["anyOf"], by_currency]}
    if condition.form == "index":
        number = {"type": "number"}
        return {"type": "object", "additionalProperties": number, "minProperties": 1}
    if condition.form == "share":
        return {"type": "number", "minimum": 0, "maximum": 1}
    if condition.form == "percent":
        return {"type": "number", "minimum": 0, "maximum": 101}
    return {"type": "number"} if condition.may_be_negative else {"type": "number", "minimum": 0}
