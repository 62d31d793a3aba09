"""What is believed of an account, and the ranked list."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.segmentation.api.dependencies import ContextDep, Reader
from services.segmentation.commands.scores import recovery_of, score_shown
from services.segmentation.learning.cases import Target
from services.segmentation.store import accounts as store
from shared.texts import matching
from shared.web import Day, Model, PagingDep, ReadSessionDep, json_response, page

# In a cursor: sums of money beyond 64 bits are priorities, too.
PriorityText = Annotated[str, matching("-?[0-9]{1,60}", 61)]

router = APIRouter()


class ReasonView(Model):
    feature: str
    value: str
    points: int


class ScoreView(Model):
    target: str
    probability: float
    horizon_days: int
    expected_recovery_minor: int
    currency: str | None
    segment: str
    arms: dict[str, str]
    priority: int
    reasons: list[ReasonView]
    model_version: str
    policy_version: str
    as_of: date


class RecoveryView(Model):
    currency: str
    collectable_minor: int
    expected_minor: int
    expected_loss: float
    cost_minor: int


class RateView(Model):
    on: date
    rate: str


class ConvertedView(Model):
    currency: str
    expected_minor: int
    rates: dict[str, RateView]


class RecoveriesView(Model):
    probability: float
    horizon_days: int
    model_version: str
    currencies: list[RecoveryView]
    converted: ConvertedView | None
    as_of: date


class RankedView(Model):
    account_id: str
    segment: str
    priority: int
    probability: float
    expected_recovery_minor: int
    currency: str | None
    policy_version: str
    as_of: date


class RankedPage(Model):
    items: list[RankedView]
    next_cursor: str | None


@router.get("/v1/accounts/{account_id}/score", response_model=ScoreView, tags=["scores"])
async def get_score(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    target: Target = "pays_within",
    as_of: Annotated[
        Day | None, Query(description="What was believed at the end of this day.")
    ] = None,
) -> Response:
    """How likely an account is to pay, what can be expected back, and why.

    `pays_within`: the probability that what is overdue is paid within `horizon_days`.
    `late_payment`: the probability that an invoice is paid late. Points always count for paying,
    every 20 double its odds; the reasons add up to the whole score. With `as_of` the score is
    worked out again from what was recorded then: features, model and policy versions. A re-score
    after a promotion counts from the next day on.
    """
    key = (caller.tenant, account_id)
    return json_response(await score_shown(session, context.rules, key, target, as_of))


@router.get("/v1/accounts/{account_id}/recovery", response_model=RecoveriesView, tags=["scores"])
async def get_recovery(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    to: Annotated[
        str | None,
        Query(
            description="A currency to add everything up in.", max_length=3, pattern="^[A-Z]{3}$"
        ),
    ] = None,
) -> Response:
    """What can be expected back in each currency, what a contact costs, and the sum in one
    currency where `PUT /v1/rates` gave the rates for it."""
    key = (caller.tenant, account_id)
    return json_response(await recovery_of(session, context.rules, key, to))


@router.get("/v1/accounts", response_model=RankedPage, tags=["scores"])
async def list_accounts(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    segment: str | None = None,
    currency: Annotated[
        str | None, Query(description="Priorities of two currencies have no common measure.")
    ] = None,
    order: Literal["priority"] = "priority",
) -> Response:
    """Accounts, those most worth another contact first."""
    after = paging.after(tuple[PriorityText, str])
    found = await store.list_by_priority(
        session,
        caller.tenant,
        segment=segment,
        currency=currency,
        after=after and (int(after[0]), after[1]),
        limit=paging.limit + 1,
    )
    return json_response(page(found, paging.limit, lambda row: (str(row.priority), row.account_id)))
