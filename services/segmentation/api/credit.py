"""Credit advice: for accounts by their record, for prospects by what they can show."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field

from services.segmentation.api.dependencies import ContextDep, Reader
from services.segmentation.domain.assess import assess
from services.segmentation.domain.credit import (
    Prospect,
    References,
    advise_account,
    advise_prospect,
    record_of,
)
from services.segmentation.store import accounts as account_store
from shared.errors import NotFound
from shared.money import MAX_MINOR, is_currency
from shared.web import Minor, Model, ReadSessionDep, json_response

router = APIRouter(tags=["credit"])
Amount = Annotated[int, Field(ge=0, le=MAX_MINOR)]
Count = Annotated[int, Field(ge=0, le=100_000)]


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("must be an ISO 4217 code like EUR")
    return code


class ReferencesRequest(Model):
    paid_in_time: Count = 0
    paid_late: Count = 0


class ProspectRequest(Model):
    kind: Literal["consumer", "business"]
    currency: Annotated[str, AfterValidator(_currency)]
    monthly_minor: Minor
    monthly_invoices: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    years_known: Annotated[float, Field(ge=0, le=500)] | None = None
    references: ReferencesRequest = ReferencesRequest()
    deposit_minor: Amount = 0
    asked_limit_minor: Amount | None = None
    asked_terms_days: Annotated[int, Field(ge=0, le=365)] | None = None


class BecauseView(Model):
    about: Literal["grade", "limit", "terms", "cadence", "care"]
    detail: str


class AdviceView(Model):
    grade: Literal["A", "B", "C", "D", "E"]
    limit_minor: int
    currency: str | None
    terms_days: int
    cadence: Literal["on_receipt", "monthly", "quarterly"]
    needs_person: bool
    reasons: list[BecauseView]


@router.get("/v1/accounts/{account_id}/credit-advice", response_model=AdviceView)
async def advise_on_account(
    account_id: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Response:
    """A limit, terms and a cadence for an account, from its record, with reasons."""
    row = await account_store.find_account(session, (caller.tenant, account_id))
    if row is None:
        raise NotFound(f"there is no account {account_id!r}")
    rules = await context.rules.of(session, [caller.tenant])
    found = assess(row.state, account_id, rules[caller.tenant])
    late = found.answers["late_payment"].probability
    return json_response(advise_account(record_of(row.state, found.features, late)))


@router.post("/v1/credit-advice", response_model=AdviceView)
async def advise_on_prospect(body: ProspectRequest, caller: Reader) -> Response:
    """The same for one who is no customer yet, from what they can show. Nothing is stored."""
    fields = body.model_dump(exclude={"references"})
    references = References(**body.references.model_dump())
    return json_response(advise_prospect(Prospect(**fields, references=references)))
