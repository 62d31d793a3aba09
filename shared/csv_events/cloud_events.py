"""Files of CloudEvents, one on each line: they are events already, and need no mapping."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from shared.csv_events.files import format_of, text_file
from shared.csv_events.form import FileForm
from shared.csv_events.json_lines import objects
from shared.csv_events.mapping import EventRule, MappingFile
from shared.csv_events.rows import CELLS_MAX, Made, Outcome, Refusal
from shared.errors import FieldError, Invalid
from shared.texts import shown

AS_IT_IS = MappingFile("/import", FileForm(format="ndjson"), ())  # a mapping that maps nothing


def read_cloud_events(path: Path, tenant: str, name: str | None = None) -> Iterator[Outcome]:
    """What becomes of each line. Raises `Invalid` where the file is none of JSON."""
    name = name or path.name
    if format_of(path, None, name) != "ndjson":
        needed = "is needed: only CloudEvents, one JSON object on each line, go in without"
        raise Invalid(f"{name} needs a mapping", [FieldError("/mapping", needed)])
    for line, content in objects(text_file(path, None, name)):
        made = content if isinstance(content, str) else _made(content, tenant)
        text = line.content[:CELLS_MAX]
        if isinstance(made, str):
            yield Refusal(line.number, "row", made, cells=text)
        else:
            rule = EventRule.of_itself(str(made.get("type")))
            yield [Made(line.number, rule, made, cells=text)]


def _made(content: dict[str, Any], tenant: str) -> dict[str, Any] | str:
    if "specversion" not in content:
        return "is no CloudEvent: it has no specversion. A mapping says what such rows are"
    owner = content.get("tenantid")
    if owner is not None and owner != tenant:
        return f"is for tenant {shown(str(owner))!r}"
    event = _plain(content)
    return {**event, "tenantid": tenant} if isinstance(event, dict) else "is no CloudEvent"


def _plain(value: Any) -> Any:
    """Numbers as JSON writers take them."""
    if isinstance(value, Decimal):
        return (
            int(value)
            if value == value.to_integral_value() and abs(value) < 2**63
            else float(value)
        )
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value
