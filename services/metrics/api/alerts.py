"""Alerts and a tenant's own rules over HTTP."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Path, Query, Response

from services.metrics.api import plan_models as models
from services.metrics.api.dependencies import CallerDep, ContextDep, WriterDep
from services.metrics.commands.plan_times import plan_time
from services.metrics.commands.plans import PreconditionFailed
from services.metrics.domain.plans.drafts import read_alert_rules
from services.metrics.store import alerts as store
from services.metrics.store.alerts import KeptAlert, KeptRules
from services.metrics.store.changes import announce_change
from services.metrics.store.deliveries import Delivery, list_deliveries
from shared.database import Session
from shared.web import PagingDep, ReadSessionDep, SessionDep, json_response, page
from shared.web.auth import Caller, needs

BODY_BYTES_MAX = 256 * 1024

router = APIRouter(tags=["alerts"])
Author = Annotated[Caller, needs("metrics:write", body_max=BODY_BYTES_MAX)]


@router.get("/v1/alerts", response_model=models.AlertPage, summary="Alerts, the newest first")
async def list_alerts(
    session: ReadSessionDep,
    caller: CallerDep,
    paging: PagingDep,
    state: Annotated[Literal["raised", "cleared", "corrected"] | None, Query()] = None,
) -> Response:
    """Of plans and of the tenant's own rules, each with its mails."""
    before = paging.after(tuple[date, str])
    found = await store.list_alerts(
        session, caller.tenant, state=state, before=before, limit=paging.limit + 1
    )
    rows = await _views(session, caller.tenant, found)
    return json_response(page(rows, paging.limit, lambda row: (row["raised_on"], row["alert_id"])))


@router.post(
    "/v1/alerts/{alert_id}/acknowledge",
    response_model=models.AlertView,
    summary="Take note of an alert",
)
async def acknowledge_alert(
    alert_id: Annotated[str, Path(max_length=64)],
    body: models.NoteRequest,
    session: SessionDep,
    context: ContextDep,
    caller: WriterDep,
) -> Response:
    """The first who does is named; it stays raised until its condition is over."""
    time = await plan_time(session, caller.tenant, context.clock)
    kept = await store.acknowledge(
        session, caller.tenant, alert_id, by=caller.subject, at=time.now, note=body.note
    )
    (view,) = await _views(session, caller.tenant, [kept])
    content = {"alert_id": alert_id, "state": kept.alert.state, "acknowledged": True}
    await announce_change(session, caller.tenant, "alert", content)
    return json_response(view)


@router.get(
    "/v1/alert-rules", response_model=models.AlertRulesView, summary="The tenant's own rules"
)
async def get_alert_rules(session: ReadSessionDep, caller: CallerDep) -> Response:
    return _rules(await store.find_rules(session, caller.tenant))


@router.put(
    "/v1/alert-rules", response_model=models.AlertRulesView, summary="Write the tenant's own rules"
)
async def put_alert_rules(
    body: Annotated[
        Any,
        Body(
            description="`rules` and the `people` whom they tell (docs/plans.md).",
            examples=[{"rules": [], "people": []}],
        ),
    ],
    session: SessionDep,
    caller: Author,
    if_match: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """They hold from the next day that begins. With `If-Match`: over what was read, else 412."""
    rules = read_alert_rules(body)
    over = None
    if if_match is not None:
        over = (await store.find_rules(session, caller.tenant)).edit
        if if_match.strip('" ') != str(over):
            raise _written_since()
    kept = await store.upsert_rules(session, caller.tenant, rules, by=caller.subject, over=over)
    if kept is None:  # in this very moment
        raise _written_since()
    return _rules(kept)


def _written_since() -> PreconditionFailed:
    return PreconditionFailed("Somebody has written the rules since they were read.")


def _rules(kept: KeptRules) -> Response:
    etag = f'"{kept.edit}"'
    rules = kept.rules
    answer = json_response({"rules": rules.rules, "people": rules.people, "etag": etag})
    answer.headers["ETag"] = etag
    return answer


async def _views(session: Session, tenant: str, found: Sequence[KeptAlert]) -> list[dict[str, Any]]:
    ids = [kept.alert.alert_id for kept in found]
    deliveries = await list_deliveries(session, tenant, ids) if ids else []
    return [_view(kept, deliveries) for kept in found]


def _view(kept: KeptAlert, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    alert = kept.alert
    return {
        **{name: getattr(alert, name) for name in alert.__struct_fields__},
        "acknowledged_by": kept.acknowledged_by,
        "acknowledged_at": kept.acknowledged_at,
        "note": kept.note,
        "deliveries": [
            {
                "person": each.person,
                "day": each.day,
                "state": each.state,
                "attempts": each.attempts,
                "reason": each.reason,
                "sent_at": each.sent_at,
            }
            for each in deliveries
            if alert.alert_id in each.alert_ids
        ],
    }
