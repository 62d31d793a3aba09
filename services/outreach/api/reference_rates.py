"""Reference rates over HTTP: which the contact rules need, how far they are known, and the rows
that a tenant loads."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from services.outreach.api.dependencies import ContextDep
from services.outreach.rulebooks.domain.reference_rates import (
    KnownRate,
    RateRow,
    own_row,
)
from services.outreach.rulebooks.processes.reference_rates import find_tenant_rates
from services.outreach.rulebooks.store import upsert_rates
from shared import clock
from shared.database import Record
from shared.errors import FieldError, Invalid
from shared.texts import text_fault
from shared.web import Day, Model
from shared.web.auth import Caller, needs, require_role

router = APIRouter(tags=["compliance"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Writer = Annotated[Caller, needs("outreach:write")]

ROWS_MAX = 200
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
_PERCENT = re.compile(r"-?[0-9]{1,2}(\.[0-9]{1,4})?")


class SentRate(Model):
    name: str = Field(description="as the rule books name it: ecb-mro, boe-bank-rate")
    from_: Annotated[Day, Field(alias="from", description="the day from which it counts")]
    until: Day | None = Field(None, description="unknown from then on; else for six months")
    percent: str = Field(max_length=8, description='a decimal as published, as text: "2.15"')


class SentRates(Model):
    rates: list[SentRate] = Field(min_length=1, max_length=ROWS_MAX)
    source: str = Field(min_length=1, max_length=1000, description="where it was published")


class RateRowView(Model):
    from_: Annotated[date, Field(alias="from")]
    until: date | None
    percent: str
    own: bool = Field(description="loaded by the tenant; else it comes with a rule book")
    source: str | None
    stored_by: str | None
    stored_at: datetime | None


class ReferenceRateView(Model):
    name: str
    rules: list[str] = Field(description="that need it")
    known_until: date | None = Field(description="the first day without; none: it does not end")
    runs_out_in_days: int | None
    warning: str | None = Field(description="that the next row should be loaded by now")
    rows: list[RateRowView]


class ReferenceRates(Model):
    items: list[ReferenceRateView]


@router.get("/v1/reference-rates", response_model=ReferenceRates)
async def list_reference_rates(context: ContextDep, caller: Reader) -> Any:
    """Every reference rate that the rule books in force name."""
    return await _listed(context, caller.tenant)


@router.put("/v1/reference-rates", response_model=ReferenceRates)
async def load_reference_rates(context: ContextDep, body: SentRates, caller: Writer) -> Any:
    """Add or correct rows; rows that are not sent stay. Needs the role manager or compliance.

    They count for what is decided from now on, in place of a book's rows of the same day."""
    require_role(caller, "manager", "compliance")
    rates = await find_tenant_rates(context, caller.tenant)
    rows = _checked(body, rates.known)
    async with context.db.transaction() as session:
        await upsert_rates(
            session,
            caller.tenant,
            rows,
            source=body.source,
            by=caller.subject,
            now=clock.now(),
        )
    return await _listed(context, caller.tenant)


def _checked(body: SentRates, known: dict[str, KnownRate]) -> list[tuple[str, RateRow]]:
    """Raises `Invalid` with every fault."""
    errors = []
    if fault := text_fault(body.source):
        errors.append(FieldError("/source", fault))
    seen: set[tuple[str, date]] = set()
    for place, rate in enumerate(body.rates):
        at = f"/rates/{place}"
        if rate.name not in known:
            names = ", ".join(known) or "none"
            errors.append(FieldError(f"{at}/name", f"no rule book names it; they name {names}"))
        if not FIRST_DAY <= rate.from_ <= LAST_DAY:
            errors.append(FieldError(f"{at}/from", f"must lie in {FIRST_DAY.year} to 2100"))
        elif (rate.name, rate.from_) in seen:
            errors.append(FieldError(f"{at}/from", "is there twice for this rate"))
        seen.add((rate.name, rate.from_))
        if rate.until is not None and not rate.from_ < rate.until <= LAST_DAY:
            errors.append(FieldError(f"{at}/until", "must be after `from`, and before 2101"))
        if not _PERCENT.fullmatch(rate.percent):
            errors.append(FieldError(f"{at}/percent", 'must be a decimal as text, like "2.15"'))
    if errors:
        raise Invalid("The rates are not valid.", errors)
    return [(rate.name, own_row(rate.from_, rate.percent, rate.until)) for rate in body.rates]


async def _listed(context: ContextDep, tenant: str) -> dict[str, Any]:
    rates = await find_tenant_rates(context, tenant)
    stored, today = rates.stored, rates.today
    return {
        "items": [_rate(rate, stored.get(name, ()), today) for name, rate in rates.known.items()],
    }


def _rate(rate: KnownRate, stored: Sequence[Record], today: date) -> dict[str, Any]:
    mine = {row["from_on"]: row for row in stored}
    left = rate.runs_out_in(today)
    warning = None
    if rate.is_short(today):
        warning = (
            f"It is not known from {rate.known_until} on: load its next row, or messages that claim"
            " interest will need a person's approval."
        )
    return {
        "name": rate.name,
        "rules": list(rate.rules),
        "known_until": rate.known_until,
        "runs_out_in_days": left,
        "warning": warning,
        "rows": [
            {
                "from": row.from_on,
                "until": row.until_on,
                "percent": row.percent,
                "own": row.from_on in mine,
                **{
                    member: mine[row.from_on][member] if row.from_on in mine else None
                    for member in ("source", "stored_by", "stored_at")
                },
            }
            for row in rate.rows
        ],
    }
