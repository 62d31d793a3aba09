"""Write `docs/events/` and `docs/api/` from the code: `make docs`.

`… -m deploy.docs release` further keeps the events' schemas as released: from then on, a
contract test holds every change against them.
Events: one JSON Schema per topic and type, and an index. Interfaces: the OpenAPI document of each
service. The contract tests compare what is committed with what the code says now.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from msgspec import Struct

from shared.events import COMPACTED, SCHEMAS, TOPICS, producer
from shared.process.settings import PORTS

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "docs" / "events"
API = ROOT / "docs" / "api"
RELEASED = ROOT / "tests" / "contracts" / "released"
VERSION = 1
# Keys that sign nothing: an application is made to be described.
LOCAL: Mapping[str, str] = {"RECOUP_LOCAL": "1", "OUTREACH_LINK_KEYS": f"1:{'A' * 43}"}

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INTRODUCTION = """\
# Events

Written by `make docs` from `shared/events/`; not to be edited. Every event is a CloudEvent 1.0; the
schemas describe its `data`. Readers ignore fields and types that they do not know; within a version
only optional fields are added. `tests/contracts/samples/` has an example of each.
"""


def event_schema(topic: str, name: str, cls: type[Struct]) -> dict[str, Any]:
    """The JSON Schema of an event's data, standing by itself."""
    (reference,), components = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    own = components.pop(cls.__name__)
    assert reference == {"$ref": f"#/$defs/{cls.__name__}"}
    schema = {
        "$schema": _DIALECT,
        "$id": f"urn:recoup:{producer(topic)}:{name}:{VERSION}",
        **own,
        **({"$defs": dict(sorted(components.items()))} if components else {}),
    }
    schema["title"] = name
    return schema


def event_files() -> Iterator[tuple[Path, str]]:
    """Every file under `docs/events/` and its text."""
    for (topic, name), cls in SCHEMAS.items():
        schema = event_schema(topic, name, cls)
        yield EVENTS / topic / f"{name}.{VERSION}.json", _json(schema)
    yield EVENTS / "README.md", _event_index()


def _event_index() -> str:
    lines = [_INTRODUCTION]
    for topic in TOPICS:
        number = "compacted, numbered by `revision`" if topic in COMPACTED else "numbered"
        if topic == "billing.events":
            number = "written by billing platforms"
        lines += [f"\n## {topic} ({number})\n", "| type | data (bold: required) |", "|---|---|"]
        for (of_topic, name), cls in SCHEMAS.items():
            if of_topic == topic:
                fields = ", ".join(_field(field) for field in msgspec.structs.fields(cls))
                lines.append(f"| [{name}]({topic}/{name}.{VERSION}.json) | {fields} |")
    return "\n".join(lines) + "\n"


def _field(field: msgspec.structs.FieldInfo) -> str:
    return f"**{field.encode_name}**" if field.required else field.encode_name


def openapi(service: str) -> dict[str, Any]:
    """A service's OpenAPI document."""
    document: dict[str, Any] = app_of(service).openapi()
    return document


def app_of(service: str, environment: Mapping[str, str] = LOCAL) -> FastAPI:
    """A service's application. Nothing is started or connected for it."""
    settings = import_module(f"services.{service}.settings").Settings.from_env(
        {
            **environment,
            **{
                f"{name.upper()}_DATABASE_URL": f"postgresql://docs@127.0.0.1:5432/recoup_{name}"
                for name in PORTS
            },
        }
    )
    app: FastAPI = import_module(f"services.{service}.app").create_app(settings)
    return app


def api_file(service: str) -> tuple[Path, str]:
    return API / f"{service}.json", _json(openapi(service))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def release() -> None:
    """Keep today's schemas as the promise that later ones must not break."""
    for path, text in event_files():
        if path.suffix == ".json":
            kept = RELEASED / path.relative_to(EVENTS)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    if list(arguments) not in ([], ["release"]):
        print("usage: .venv/bin/python -m deploy.docs [release]", file=sys.stderr)
        return 2
    if arguments:
        release()
    wanted = set()
    for path, text in chain(event_files(), map(api_file, PORTS)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        wanted.add(path)
    for folder in (EVENTS, API):
        for path in folder.rglob("*.*"):
            if path.is_file() and path not in wanted:
                path.unlink()  # of an event or a service that is gone
    print(f"wrote {len(wanted)} files under docs/")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
