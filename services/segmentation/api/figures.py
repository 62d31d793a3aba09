"""External figures by day: the market's indices, and what currencies are worth in each other."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from services.segmentation.api.dependencies import ContextDep, Reader
from services.segmentation.commands.business_time import business_now, settings_now
from services.segmentation.commands.rates import replace_rates
from services.segmentation.commands.rescoring import begin_rescore
from services.segmentation.store import figures as store
from shared.errors import FieldError, Invalid
from shared.money import is_currency
from shared.web import Day, Model, ReadSessionDep, SessionDep, json_response
from shared.web.auth import Caller, needs

VALUES_MAX = 20_000  # fifty years of days
RATE_DIGITS_MAX = 30
RATE_DECIMALS_MAX = 15
BODY_BYTES_MAX = 2 * 1024 * 1024

Author = Annotated[Caller, needs("segmentation:write", body_max=BODY_BYTES_MAX)]

router = APIRouter(tags=["indices"])
IndexName = Annotated[str, Path(max_length=40, pattern="^[a-z][a-z0-9_-]{0,39}$")]


class IndexValue(Model):
    on: Day
    value: Annotated[float, Field(allow_inf_nan=False)]


class IndexDocument(Model):
    values: Annotated[list[IndexValue], Field(max_length=VALUES_MAX)]


class RateEntry(Model):
    currency: str
    on: Day
    rate: Annotated[str, Field(max_length=RATE_DIGITS_MAX, examples=["0.92"])]


class RatesDocument(Model):
    to: str
    rates: Annotated[list[RateEntry], Field(max_length=VALUES_MAX)]


class IndexView(Model):
    name: str
    values: list[IndexValue]


class IndexList(Model):
    items: list[IndexView]


class RatesView(Model):
    items: list[dict[str, str]]


@router.put("/v1/indices/{name}", response_model=IndexView)
async def put_index(
    name: IndexName, body: IndexDocument, context: ContextDep, session: SessionDep, caller: Author
) -> Response:
    """Put a dated index in place of what was there. Each value holds from its day until the next.

    From then on it is a feature of every account, and models that are trained may look at how it
    moves. It stands in what is recorded: what was believed before does not change.
    """
    days: set[date] = set()
    for place, value in enumerate(body.values):
        if value.on in days:
            raise Invalid(
                "The index is not valid.",
                [FieldError(f"/values/{place}/on", f"{value.on} stands twice")],
            )
        days.add(value.on)
    values = sorted((value.on, value.value) for value in body.values)
    await store.replace_index(session, caller.tenant, name, values)
    at = await business_now(session, caller.tenant, context.clock)
    await begin_rescore(session, caller.tenant, because=f"index {name}", at=at)
    return json_response(_index(name, values))


@router.get("/v1/indices", response_model=IndexList)
async def list_indices(session: ReadSessionDep, caller: Reader) -> Response:
    """All indices with their values."""
    found = await store.indices_of(session, caller.tenant)
    return json_response({"items": [_index(name, values) for name, values in found.items()]})


@router.put("/v1/rates", response_model=RatesView)
async def put_rates(
    body: RatesDocument, context: ContextDep, session: SessionDep, caller: Author
) -> Response:
    """Put the dated exchange rates into one currency in place of those that were there.

    A rate is what one unit of `currency` is worth in `to`, from its day until the next. Metrics
    converts figures with them (`rates-changed`).
    """
    rates = _checked(body)
    at = await settings_now(session, caller.tenant, context.clock)
    await replace_rates(session, caller.tenant, body.to, rates, at=at)
    return await _told(session, caller)


@router.get("/v1/rates", response_model=RatesView)
async def list_rates(session: ReadSessionDep, caller: Reader) -> Response:
    """All rates."""
    return await _told(session, caller)


async def _told(session: Any, caller: Caller) -> Response:
    found = await store.rates_of(session, caller.tenant)
    items = [
        {"currency": currency, "to": to, "on": rate.on.isoformat(), "rate": str(rate.rate)}
        for (currency, to), rates in found.items()
        for rate in rates
    ]
    return json_response({"items": items})


def _index(name: str, values: list[tuple[date, float]]) -> dict[str, Any]:
    return {"name": name, "values": [{"on": on, "value": value} for on, value in values]}


def _checked(body: RatesDocument) -> list[tuple[str, date, Decimal]]:
    """The rates as numbers. Raises `Invalid`, naming every bad field."""
    errors = [] if is_currency(body.to) else [FieldError("/to", "is not in ISO 4217")]
    rates: list[tuple[str, date, Decimal]] = []
    seen: set[tuple[str, date]] = set()
    for place, entry in enumerate(body.rates):
        at = f"/rates/{place}"
        if not is_currency(entry.currency):
            errors.append(FieldError(f"{at}/currency", "is not in ISO 4217"))
        if entry.currency == body.to:
            errors.append(FieldError(f"{at}/currency", "is the currency itself"))
        if (entry.currency, entry.on) in seen:
            errors.append(FieldError(f"{at}/on", f"{entry.currency} on {entry.on} stands twice"))
        seen.add((entry.currency, entry.on))
        rate = _rate(entry.rate)
        if rate is None:
            detail = (
                f"must be a number above 0, like 0.92, with at most {RATE_DECIMALS_MAX} decimals"
            )
            errors.append(FieldError(f"{at}/rate", detail))
            continue
        rates.append((entry.currency, entry.on, rate))
    if errors:
        raise Invalid("The rates are not valid.", errors)
    return rates


def _rate(text: str) -> Decimal | None:
    """A rate that can be stored and written out in full."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    if not rate.is_finite() or not 0 < rate < Decimal(10) ** 12:
        return None
    exponent = rate.as_tuple().exponent
    return rate if isinstance(exponent, int) and -exponent <= RATE_DECIMALS_MAX else None
