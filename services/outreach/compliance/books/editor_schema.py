"""The JSON Schema of a rule book, for editors that check while one writes."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.outreach.compliance.books.records import Header, Limit, Record
from services.outreach.compliance.kinds import KINDS
from services.outreach.compliance.rule import Kind


def schema(kinds: Mapping[str, Kind] = KINDS) -> dict[str, Any]:
    """JSON Schema of a rule book, for editors."""
    parts = [Header, Record, Limit, *(kind.params for kind in kinds.values())]
    (header, record, limit, *params), shared = msgspec.json.schema_components(
        parts, ref_template="#/$defs/{name}"
    )
    shared["Record"]["properties"]["kind"] = {"enum": sorted(kinds)}
    record_schema = {
        "allOf": [
            record,
            *(
                {
                    "if": {"properties": {"kind": {"const": kind}}},
                    "then": {"properties": {"params": schema_of_kind}},
                }
                for kind, schema_of_kind in zip(kinds, params, strict=True)
            ),
        ]
    }
    top = dict(shared.pop(header["$ref"].rpartition("/")[2]))
    top["properties"] = {
        **top["properties"],
        "limitation": {"type": "array", "items": limit},
        "rules": {"type": "array", "items": record_schema},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rule book",
        **{key: value for key, value in top.items() if key not in {"title", "description"}},
        "$defs": shared,
    }
