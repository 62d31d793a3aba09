"""Door 1: HTTP. What is believed of an account, the ranked list, and policies on trial."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from services.segmentation import store
from services.segmentation.commands import try_policy
from services.segmentation.domain.assess import assess_features
from services.segmentation.domain.features import contacts_since_payment, features_of
from services.segmentation.domain.policy import Policy, parse_text
from services.segmentation.domain.score import MODEL_VERSION, score, target_of
from shared.auth import Caller, needs
from shared.db import Session
from shared.errors import NotFound, TooLarge, Unreadable
from shared.web import Day, Minor, Model, PagingDep, ReadSessionDep, json_response, page

POLICY_BYTES_MAX = 256 * 1024

router = APIRouter()
Reader = Annotated[Caller, needs("segmentation:read", "segmentation:write")]


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


class MoveView(Model):
    from_segment: str
    to_segment: str
    accounts: Minor


class TrialView(Model):
    policy_version: str
    accounts: int
    segments: dict[str, int]
    moves: list[MoveView]


@router.get("/v1/accounts/{account_id}/score", response_model=ScoreView, tags=["scores"])
async def get_score(
    account_id: str,
    request: Request,
    session: ReadSessionDep,
    caller: Reader,
    target: Annotated[str, Query(description="`pays_within` or `late_payment`")] = "pays_within",
    as_of: Annotated[
        Day | None, Query(description="What was believed at the end of this day.")
    ] = None,
) -> Response:
    """How likely an account is to pay, what can be expected back, and why.

    `pays_within`: the probability that what is overdue is paid within `horizon_days`.
    `late_payment`: the probability that an invoice is paid late. Points always count for paying,
    every 20 double its odds; the reasons add up to the whole score.
    """
    wanted = target_of(target)
    believed = await _believed(session, (caller.tenant, account_id), as_of)
    policy: Policy = request.app.state.policy
    now = assess_features(believed.features, believed.contacts, policy)
    found = score(believed.features, wanted)
    return json_response(
        {
            "target": found.target,
            "probability": found.probability,
            "horizon_days": found.horizon_days,
            "expected_recovery_minor": now.expected_recovery_minor,
            "currency": believed.features.currency,
            "segment": believed.segment,
            "arms": {},
            "priority": now.priority,
            "reasons": found.reasons,
            "model_version": MODEL_VERSION,
            "policy_version": believed.policy_version,
            "as_of": as_of or believed.on_day,
        }
    )


async def _believed(session: Session, key: store.Key, as_of: date | None) -> store.Believed:
    """What is believed now, or was at the end of a day. Raises `NotFound`."""
    if as_of is not None:
        believed = await store.find_believed(session, key, as_of)
        if believed is None:
            raise NotFound(f"nothing was known of an account {key[1]!r} on {as_of}")
        return believed
    standing = await store.find_account(session, key)
    if standing is None or standing.segment is None or standing.policy_version is None:
        raise NotFound(f"there is no account {key[1]!r}")
    assert standing.state.latest_on is not None, "a segment comes from an event, which has a day"
    return store.Believed(
        on_day=standing.state.latest_on,
        features=features_of(standing.state),
        contacts=contacts_since_payment(standing.state),
        segment=standing.segment,
        policy_version=standing.policy_version,
    )


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
    found = await store.list_by_priority(
        session,
        caller.tenant,
        segment=segment,
        currency=currency,
        after=paging.after(tuple[int, str]),
        limit=paging.limit + 1,
    )
    return json_response(page(found, paging.limit, lambda row: (row.priority, row.account_id)))


@router.get("/v1/policies/segments", tags=["policies"])
async def get_policy(request: Request, caller: Reader) -> Response:
    """The policy in force."""
    policy: Policy = request.app.state.policy
    return json_response({"policy_version": policy.version, "policy": policy.document})


@router.post(
    "/v1/policies/segments/dry-run",
    response_model=TrialView,
    tags=["policies"],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/yaml": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
async def dry_run(request: Request, session: ReadSessionDep, caller: Reader) -> Response:
    """Try a policy (YAML or JSON) on today's accounts: how many would move from where to where."""
    policy = parse_text(await _text(request))
    return json_response(await try_policy(session, caller.tenant, policy))


async def _text(request: Request) -> str:
    body: Any = await request.body()
    if len(body) > POLICY_BYTES_MAX:
        raise TooLarge(f"A policy has at most {POLICY_BYTES_MAX} bytes.")
    try:
        text: str = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("The policy is not UTF-8.") from error
    return text
