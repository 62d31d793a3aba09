"""JSON Schemas of the policies, made from their classes: an editor that knows one completes names
and underlines what would be refused."""

from typing import Any

import msgspec
from msgspec import Struct

from shared.money import DECIMALS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_AMOUNT = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]
}
_AMOUNTS = {
    "description": "Major units by currency; default: of the currencies that are not named.",
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"enum": ["default", *sorted(DECIMALS)]},
    "additionalProperties": _AMOUNT,
}


def schema_of(cls: type[Struct]) -> dict[str, Any]:
    """Draft 2020-12. What no schema can say (the last rule, what must not be above what) is left
    out."""
    (reference,), parts = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    if "AmountByCurrency" in parts:
        parts["AmountByCurrency"] = _AMOUNTS
    for part in parts.values():
        for member in part.get("properties", {}).values():
            _tidy(member)
    return {"$schema": DIALECT, "title": cls.__name__, **reference, "$defs": parts}


def _tidy(member: dict[str, Any]) -> None:
    """A default that is an object of ours says nothing to an editor; a reference has its own."""
    if isinstance(member.get("default"), dict):
        del member["default"]
