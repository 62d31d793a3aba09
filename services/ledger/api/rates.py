"""Statutory packs, reference rates, and the runs that restate accounts."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Response
from pydantic import Field

from services.ledger.api.dependencies import ContextDep, Reader, Writer
from services.ledger.api.models import Answer
from services.ledger.commands.rates import put_rates
from services.ledger.domain.policies.charges import Pack
from services.ledger.domain.policies.reader import ReadFaults, decimal
from services.ledger.domain.rates import PERCENT_MAX, RateRow, percent_text, row_fault
from services.ledger.store.rates import OwnRow, list_own_rates
from services.ledger.store.runs import find_run
from services.ledger.store.shipped import pack_texts, shipped_packs, shipped_rates
from shared import clock
from shared.errors import FieldError, Invalid, NotFound
from shared.texts import matching, shown, text_fault
from shared.web import Day, Model, ReadSessionDep, SessionDep, json_response
from shared.web.auth import require_role

router = APIRouter(tags=["rates"])

ROWS_MAX = 200
_NAME = msgspec.defstruct("_Name", [("name", Annotated[str, matching("[a-z0-9][a-z0-9-]*", 64)])])


class PackRow(Answer):
    """A pack: `source`, when it was looked at there, and whether it was by somebody who can."""

    name: str
    title: str
    source: str
    verified_on: date | None
    confidence: Literal["verified", "unverified"]


class PackView(PackRow):
    """With its rules and limits, as in the policy `charges`."""

    rules: list[dict[str, Any]]
    limits: list[dict[str, Any]]


class PackList(Answer):
    items: list[PackRow]


class RateRowView(Answer):
    from_on: date
    percent: str
    own: bool = Field(description="the tenant's own; else it comes with the ledger")
    source: str
    stored_by: str | None
    stored_at: datetime | None


class RateView(Answer):
    """A reference rate. A half-year without a row has no rate: its days bear no interest yet."""

    name: str
    title: str | None
    source: str | None
    verified_on: date | None
    confidence: Literal["verified", "unverified"] | None
    revision: int = Field(description="how often the tenant's own rates have changed")
    rows: list[RateRowView]


class RateList(Answer):
    items: list[RateView]


class SentRow(Model):
    from_on: Day
    percent: str | int | float = Field(description="a decimal, exact where it is a text")


class SentRates(Model):
    rows: list[SentRow] = Field(min_length=1, max_length=ROWS_MAX)
    source: str = Field(min_length=1, max_length=1000)


class RateStored(RateView):
    run_id: str | None


class RunView(Answer):
    """A run that restates accounts; `accounts` were there when it began."""

    run_id: str
    state: Literal["running", "done", "failed"]
    because: str
    from_on: date
    accounts: int
    done: int
    changed: int
    set_aside: int
    begun_at: datetime
    ended_at: datetime | None
    failure: str | None


# ── Packs ───────────────────────────────────────────────────────────────────────────────────────


@router.get("/v1/packs", response_model=PackList)
async def list_packs(_caller: Reader) -> Any:
    """The statutory packs that a policy `charges` can name."""
    return {"items": [_pack_row(pack) for pack in shipped_packs().values()]}


@router.get("/v1/packs/{name}", response_model=PackView)
async def get_pack(name: str, _caller: Reader) -> Any:
    """One pack with its rules, as they are written."""
    pack = shipped_packs().get(name)
    if pack is None:
        raise NotFound(f"There is no pack {shown(name)}.")
    written = pack_texts()[name]
    return {
        **_pack_row(pack),
        "rules": written.get("rules", []),
        "limits": written.get("limits", []),
    }


def _pack_row(pack: Pack) -> dict[str, Any]:
    return {name: getattr(pack, name) for name in PackRow.model_fields}


# ── Rates ───────────────────────────────────────────────────────────────────────────────────────


@router.get("/v1/rates", response_model=RateList)
async def list_rates(context: ContextDep, session: ReadSessionDep, caller: Reader) -> Any:
    """Every reference rate of the tenant."""
    tables = await context.policies.rates.tables(session, caller.tenant)
    own = await list_own_rates(session, caller.tenant)
    return {
        "items": [_rate(name, own.get(name, ()), tables.revision) for name in sorted(tables.rates)]
    }


@router.get("/v1/rates/{name}", response_model=RateView)
async def get_rate(name: str, session: ReadSessionDep, caller: Reader, context: ContextDep) -> Any:
    """A reference rate: the rows that come with the ledger, the tenant's own in their place."""
    tables = await context.policies.rates.tables(session, caller.tenant)
    if name not in tables.rates:
        raise NotFound(f"There is no rate {shown(name)}.")
    own = await list_own_rates(session, caller.tenant)
    return _rate(name, own.get(name, ()), tables.revision)


@router.put(
    "/v1/rates/{name}",
    response_model=RateStored,
    responses={202: {"model": RateStored, "description": "begun days are restated: see the run"}},
)
async def store_rate(
    name: str, body: SentRates, context: ContextDep, session: SessionDep, caller: Writer
) -> Response:
    """Add or correct rows of the tenant; rows that are not sent stay. Needs the role manager."""
    require_role(caller, "manager")
    rows = _checked(name, body)
    stored = await put_rates(
        session,
        caller.tenant,
        context,
        name,
        rows,
        source=body.source,
        by=caller.subject,
        now=clock.now(),
    )
    own = await list_own_rates(session, caller.tenant)
    answer = RateStored(**_rate(name, own.get(name, ()), stored.revision), run_id=stored.run_id)
    status = 200 if stored.run_id is None else 202
    return json_response(answer.model_dump(mode="json"), status)


def _checked(name: str, body: SentRates) -> list[RateRow]:
    """Raises `Invalid` with every fault."""
    errors = []
    try:
        msgspec.convert({"name": name}, _NAME)
    except msgspec.ValidationError:
        errors.append(FieldError("/path/name", "must be 1 to 64 of a-z, 0-9 and -"))
    if fault := text_fault(body.source):
        errors.append(FieldError("/source", fault))
    faults = ReadFaults()
    seen: set[date] = set()
    rows = []
    for place, row in enumerate(body.rows):
        if fault := row_fault(row.from_on, seen):
            faults.add(f"/rows/{place}/from_on", fault)
        seen.add(row.from_on)
        # The shortest text of a float is what was sent.
        sent = Decimal(repr(row.percent)) if isinstance(row.percent, float) else row.percent
        percent = decimal(-PERCENT_MAX, PERCENT_MAX)(sent, f"/rows/{place}/percent", faults)
        if percent is not None:
            rows.append(RateRow(row.from_on, percent))
    errors += faults.errors
    if errors:
        raise Invalid("The rates are not valid.", errors)
    return rows


def _rate(name: str, own: Sequence[OwnRow], revision: int) -> dict[str, Any]:
    shipped = shipped_rates().get(name)
    rows: dict[date, dict[str, Any]] = {}
    if shipped is not None:
        for row in shipped.rows:
            rows[row.from_on] = {
                "from_on": row.from_on,
                "percent": percent_text(row.percent),
                "own": False,
                "source": shipped.source,
                "stored_by": None,
                "stored_at": None,
            }
    for mine in own:
        rows[mine.from_on] = {
            "from_on": mine.from_on,
            "percent": percent_text(mine.percent),
            "own": True,
            "source": mine.source,
            "stored_by": mine.stored_by,
            "stored_at": mine.stored_at,
        }
    return {
        "name": name,
        **{
            member: getattr(shipped, member, None)
            for member in ("title", "source", "verified_on", "confidence")
        },
        "revision": revision,
        "rows": [rows[day] for day in sorted(rows)],
    }


# ── Runs ────────────────────────────────────────────────────────────────────────────────────────


@router.get("/v1/runs/{run_id}", response_model=RunView)
async def get_run(run_id: str, session: ReadSessionDep, caller: Reader) -> Any:
    """How far the restating of accounts is."""
    run = await find_run(session, caller.tenant, run_id)
    if run is None:
        raise NotFound(f"There is no run {shown(run_id)}.")
    return {name: getattr(run, name) for name in RunView.model_fields}
