"""Requests made from an OpenAPI document, plausible ones, and each spoiled in every place."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx

Document = dict[str, Any]
MEGABYTE = "x" * 1_000_000
NUL, HALF, FORBIDDEN = "a\0b", "\ud800", "\x07"  # spoiled texts; JSON writes them as escapes
_PLACES_MAX = 30
CURSORS = ("[9223372036854775808]", '["\\u0000"]', "[1e400]", "[[]]", '["a","\\u0000"]', "[-1]")


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    path_names: tuple[str, ...]
    query_names: tuple[str, ...]
    body: Any = None  # a plausible one; None: it takes none
    required: dict[str, str] = field(default_factory=dict)  # query parameters

    def url(self, path: dict[str, str] | None = None) -> str:
        address = self.path
        for name in self.path_names:
            value = (path or {}).get(name, _SAMPLES.get(name, "x1"))
            address = address.replace(f"{{{name}}}", quote(value, safe=""))
        return address


_SAMPLES = {"channel": "email", "tenant_id": "demo", "account_id": "C1", "invoice_id": "I1"}


def operations(document: Document) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            parameters = said.get("parameters", [])
            content = said.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            yield Operation(
                method.upper(),
                path,
                tuple(p["name"] for p in parameters if p["in"] == "path"),
                tuple(p["name"] for p in parameters if p["in"] == "query"),
                None if schema is None else sample(schema, document),
                {
                    p["name"]: str(sample(p["schema"], document))
                    for p in parameters
                    if p["in"] == "query" and p.get("required")
                },
            )


def sample(schema: Any, document: Document, depth: int = 8) -> Any:
    """A value that fits a schema, or nearly."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return sample(document["components"]["schemas"][name], document, depth - 1)
    for word in ("const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return sample(schema[word][0], document, depth)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        if depth < 0:
            return {}
        return {
            name: sample(each, document, depth - 1)
            for name, each in schema.get("properties", {}).items()
        }
    if kind == "array":
        return [sample(schema.get("items", {"type": "string"}), document, depth - 1)]
    return _scalar(kind, schema)


def _scalar(kind: object, schema: Any) -> Any:
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
    if kind == "boolean":
        return True
    if schema.get("format") == "date":
        return "2026-03-01"
    if schema.get("format") == "date-time":
        return "2026-03-01T12:00:00Z"
    return "08:00" if "[0-5]" in schema.get("pattern", "") else "EUR"


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts stand in plain data, and where names do."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*at, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*at, index))
    elif isinstance(value, str):
        yield at


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """Plain data with something else in one place."""
    if not at:
        return new
    step, *rest = at
    if isinstance(value, dict):
        return {**value, step: changed(value[step], tuple(rest), new)}
    return [
        changed(item, tuple(rest), new) if index == step else item
        for index, item in enumerate(value)
    ]


def spoiled_bodies(body: Any) -> Iterator[bytes]:
    """The body with every text spoiled, one at a time, and with what no body should have."""
    whole = json.dumps(body).encode()
    places = list(leaves(body))
    for number, at in enumerate(places):
        spoilt = (NUL, HALF, FORBIDDEN, 10**400, float("nan"))
        # Of a question to the governor, which has a hundred places, each in one way only.
        for new in spoilt if len(places) <= _PLACES_MAX else spoilt[number % 2 :][:1]:
            yield json.dumps(changed(body, at, new)).encode()
    big = body
    for at in leaves(body):
        big = changed(big, at, MEGABYTE)
    yield json.dumps(big).encode()[:7_000_000]
    if isinstance(body, dict):
        yield json.dumps({**body, "a\0": 1}).encode()
        yield json.dumps({**body, "\ud800": 1}).encode()
        for name in body:
            yield json.dumps({**body, name: _deep(200)}).encode()
            yield whole[:-1] + b"," + json.dumps({name: body[name]}).encode()[1:]
            yield json.dumps({**body, name: {"\0": "\ud800"}}).encode()
    yield json.dumps(_deep(900)).encode()
    yield b"[" * 100_000
    yield b'{"a":' * 50_000
    yield b"9" * 10_000
    yield b"1e999999999"
    yield b'"\xff"'
    yield b""


def _deep(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


STRANGE = (NUL, FORBIDDEN, "\u202e", "x" * 5_000, "..", "a/b", "'", "%", "\ufffd", "9" * 5_000)
_JSON = {"content-type": "application/json"}


async def faults_of(client: httpx.AsyncClient) -> list[str]:
    """What answered with 500 or not at all, of every operation and every spoiled request."""
    document = (await client.get("/openapi.json")).json()
    found = []
    for operation in operations(document):
        if operation.path == "/v1/stream":  # an answer without end
            continue
        for address, body in requests_of(operation):
            answer = await client.request(
                operation.method, address, content=body, headers=_JSON if body is not None else None
            )
            if answer.status_code == 500:
                shown = (body or b"")[:80]
                found.append(f"{operation.method} {address[:200]} {shown!r}: {answer.text[:200]}")
    return found


def requests_of(operation: Operation) -> Iterator[tuple[str, bytes | None]]:
    given = f"?{urlencode(operation.required)}" if operation.required else ""
    plain = None if operation.body is None else json.dumps(operation.body).encode()
    for name in operation.path_names:
        for text in STRANGE:
            yield operation.url({name: text}) + given, plain
    for name in operation.query_names:
        for text in (*STRANGE, "", "-1", "1e400", "2026-02-30", "9999-12-31", "0001-01-01"):
            query = urlencode({**operation.required, name: text}, errors="surrogatepass")
            yield f"{operation.url()}?{query}", plain
        if name == "cursor":
            for key in CURSORS:
                forged = _forged(key.encode())
                yield f"{operation.url()}?{urlencode({**operation.required, name: forged})}", plain
    if operation.body is not None:
        for body in spoiled_bodies(operation.body):
            yield operation.url() + given, body


def _forged(content: bytes) -> str:
    """A cursor as the lists give them: whoever reads the code can make one."""
    check = hashlib.blake2b(content, digest_size=6, person=b"recoup.cursor").digest()
    return base64.urlsafe_b64encode(check + content).rstrip(b"=").decode()
