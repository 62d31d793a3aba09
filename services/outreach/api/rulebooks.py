"""Rule books: what stands on the shelf, new versions, dry runs, from when each counts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.outreach.commands import rulebooks as commands
from services.outreach.commands.rulebooks import SHIPPED, Shelves, Trial
from services.outreach.compliance import RuleBook, read_book, schema
from services.outreach.store import rulebooks as store
from services.outreach.store.rulebooks import Activation, StoredBook
from shared.business_time import Clock
from shared.database import Database, Session
from shared.errors import FieldError, Invalid, NotFound, TooLarge, Unreadable
from shared.web import Day, Model, ReadSessionDep, SessionDep, json_response
from shared.web.auth import Caller, needs

BOOK_BYTES_MAX = 2 * 1024 * 1024
TRIAL_CONTACTS_MAX = 20_000

router = APIRouter(tags=["rule books"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Writer = Annotated[Caller, needs("outreach:write")]

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


class ActivationView(Model):
    version: str | None  # none: from then on the book does not apply
    from_: Annotated[date, Field(alias="from")]
    from_at: datetime
    recorded_at: datetime
    recorded_by: str


class BookView(Model):
    name: str
    class_: Annotated[Literal["law", "policy"], Field(alias="class")]
    title: str
    version: str | None  # in force now; none: it does not apply
    rules: int
    shipped: bool  # whether one of its versions comes with the platform
    activations: list[ActivationView]


class BooksView(Model):
    items: list[BookView]
    notice: str


class VersionView(Model):
    version: str
    shipped: bool
    recorded_at: datetime | None  # of the ones that come with the platform: none
    recorded_by: str


class VersionsView(Model):
    name: str
    items: list[VersionView]


class UploadView(Model):
    name: str
    class_: Annotated[Literal["law", "policy"], Field(alias="class")]
    version: str
    rules: int
    new: bool  # whether this text had not come before


class ActivateRequest(Model):
    """Which version counts from which day on (00:00 in the tenant's zone). No version: a book of
    house policy no longer applies."""

    version: str | None
    from_: Annotated[Day, Field(alias="from")]


class ActivatedView(Model):
    name: str
    version: str | None
    from_: Annotated[date, Field(alias="from")]
    from_at: datetime


class MoveView(Model):
    from_verdict: str
    to_verdict: str
    contacts: int


class TrialView(Model):
    """Over the newest recorded contacts: how many would have been decided otherwise, and why."""

    version: str
    contacts: int
    changed: int
    cut_off: bool  # there are older contacts, past `limit`
    moves: list[MoveView]
    rules: dict[str, int]  # that decide what changes: in how many contacts
    examples: list[dict[str, Any]]
    summary: str


@router.get(
    "/v1/rulebooks",
    response_model=BooksView,
    summary="The rule books of the tenant: those that come with the platform, and its own",
)
async def list_books(caller: Reader, session: ReadSessionDep, request: Request) -> Response:
    items = await _books(session, request, caller.tenant)
    return json_response({"items": items, "notice": "Not legal advice."})


@router.get("/v1/rulebooks/schema", summary="JSON Schema of a rule book, for editors")
async def get_schema(caller: Reader) -> Response:
    return json_response(schema())


@router.get("/v1/rulebooks/{name}", response_model=BookView, summary="One rule book")
async def get_book(
    name: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    for item in await _books(session, request, caller.tenant):
        if item["name"] == name:
            return json_response(item)
    raise NotFound(f"There is no rule book {name}.")


@router.get(
    "/v1/rulebooks/{name}/versions",
    response_model=VersionsView,
    summary="Every version of a rule book, oldest first",
)
async def list_versions(
    name: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    shelves: Shelves = request.app.state.shelves
    found = await store.list_rulebooks(session, caller.tenant, name)
    shipped = shelves.shipped.get(name)
    if shipped is not None and shipped.version not in {book.version for book in found}:
        found.insert(0, commands.shipped_book(shelves, name))
    if not found:
        raise NotFound(f"There is no rule book {name}.")
    return json_response({"name": name, "items": [_version(book) for book in found]})


@router.get(
    "/v1/rulebooks/{name}/versions/{version}",
    response_model=None,
    summary="The text of a version, as it was uploaded",
    responses={200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}},
)
async def get_text(
    name: str, version: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    stored = await _stored(session, request, caller.tenant, name, version)
    return Response(stored.text, media_type="application/yaml")


@router.put(
    "/v1/rulebooks/{name}",
    response_model=UploadView,
    openapi_extra=_BODY,
    summary="Take a version in (YAML or JSON), checked as a whole; it counts when activated",
)
async def put_book(name: str, caller: Writer, session: SessionDep, request: Request) -> Response:
    text = await _text(request)
    shelves: Shelves = request.app.state.shelves
    stored, is_new = await commands.add_rulebook(
        session, shelves, caller.tenant, name, text, caller.subject
    )
    return json_response(
        {
            "name": name,
            "class": stored.kind,
            "version": stored.version,
            "rules": len(read_book(stored.text).rules),
            "new": is_new,
        },
        201 if is_new else 200,
    )


@router.post(
    "/v1/rulebooks/{name}/dry-run",
    response_model=TrialView,
    openapi_extra=_BODY | {"requestBody": _BODY["requestBody"] | {"required": False}},
    summary="Try a book on recorded contacts: which would have been decided otherwise, and why",
)
async def dry_run(
    name: str,
    caller: Reader,
    request: Request,
    version: Annotated[
        str | None, Query(description="A version that is here; else the body is the book.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=TRIAL_CONTACTS_MAX)] = 12_000,
) -> Response:
    db: Database = request.app.state.db
    async with db.reading() as session:
        if version is None:
            text = await _text(request)
        else:
            text = (await _stored(session, request, caller.tenant, name, version)).text
        shelf = await request.app.state.shelves.of(session, caller.tenant)
    book = read_book(text)
    if book.name != name:
        problem = FieldError("/name", f"is {book.name}, the address says {name}")
        raise Invalid("The book has another name.", [problem])
    return json_response(_trial(await commands.try_rulebook(db, shelf, caller.tenant, book, limit)))


@router.post(
    "/v1/rulebooks/{name}/activate",
    response_model=ActivatedView,
    summary="Let a version count from a day on; safe to repeat",
)
async def activate(
    name: str, body: ActivateRequest, caller: Writer, session: SessionDep, request: Request
) -> Response:
    shelves: Shelves = request.app.state.shelves
    clock: Clock = request.app.state.clock
    done = await commands.activate(
        session,
        shelves,
        caller.tenant,
        name,
        body.version,
        body.from_,
        clock_mode=clock,
        by=caller.subject,
    )
    return json_response(
        {"name": name, "version": done.version, "from": done.from_on, "from_at": done.from_at}
    )


async def _books(session: Session, request: Request, tenant: str) -> list[dict[str, Any]]:
    shelves: Shelves = request.app.state.shelves
    now = await commands.business_now(session, request.app.state.clock, tenant)
    shelf = await shelves.of(session, tenant)
    present, applied = shelf.present(now), shelf.applied(now)
    waiting = {
        stored.name: stored.text
        for stored in await store.list_rulebooks(session, tenant)
        if stored.name not in present
    }
    own = {name: read_book(text) for name, text in waiting.items()}  # never activated
    activations = await store.list_activations(session, tenant)
    return [
        _book(
            present.get(name) or own[name],
            present[name] if name in applied else None,
            name in shelves.shipped,
            [activation for activation in activations if activation.name == name],
        )
        for name in sorted({*present, *own})
    ]


def _book(
    book: RuleBook, in_force: RuleBook | None, is_shipped: bool, activations: Sequence[Activation]
) -> dict[str, Any]:
    return {
        "name": book.name,
        "class": book.klass,
        "title": book.title,
        "version": in_force.version if in_force is not None else None,
        "rules": len(book.rules),
        "shipped": is_shipped,
        "activations": [
            {
                "version": a.version,
                "from": a.from_on,
                "from_at": a.from_at,
                "recorded_at": a.recorded_at,
                "recorded_by": a.recorded_by,
            }
            for a in activations
        ],
    }


def _version(book: StoredBook) -> dict[str, Any]:
    is_shipped = book.recorded_by == SHIPPED
    return {
        "version": book.version,
        "shipped": is_shipped,
        "recorded_at": None if is_shipped else book.recorded_at,
        "recorded_by": book.recorded_by,
    }


async def _stored(
    session: Session, request: Request, tenant: str, name: str, version: str
) -> StoredBook:
    shelves: Shelves = request.app.state.shelves
    found = await commands.known_version(session, shelves, tenant, name, version)
    if found is None:
        raise NotFound(f"There is no version {version} of rule book {name}.")
    return found


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "version": trial.version,
        "contacts": trial.judged,
        "changed": trial.changed,
        "cut_off": trial.is_cut_off,
        "moves": commands.counted(trial),
        "rules": dict(trial.rules.most_common()),
        "examples": trial.examples,
        "summary": f"{trial.changed:,} of {trial.judged:,} contacts would change",
    }


async def _text(request: Request) -> str:
    body: bytes = await request.body()
    if len(body) > BOOK_BYTES_MAX:
        raise TooLarge(f"A rule book has at most {BOOK_BYTES_MAX} bytes.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("The rule book is not UTF-8.") from error
