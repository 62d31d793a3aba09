"""Why an account is in its segment, in words."""

from datetime import date

from fastapi import APIRouter, Response

from services.segmentation.api.dependencies import ContextDep, Reader
from services.segmentation.domain.assess import assess
from services.segmentation.domain.policy import Scores, decide
from services.segmentation.store import accounts as account_store
from shared.errors import NotFound
from shared.web import Model, ReadSessionDep, json_response

router = APIRouter(tags=["policies"])


class SegmentView(Model):
    account_id: str
    segment: str
    since_on: date | None
    because: str
    warnings: dict[str, date]
    arms: dict[str, str]
    policy_version: str


@router.get("/v1/accounts/{account_id}/segment", response_model=SegmentView)
async def get_segment(
    account_id: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Response:
    """The segment of an account, since when and why; its early warnings and its arms."""
    row = await account_store.find_account(session, (caller.tenant, account_id))
    if row is None:
        raise NotFound(f"there is no account {account_id!r}")
    rules = (await context.rules.of(session, [caller.tenant]))[caller.tenant]
    state, commitments = row.state, row.state.commitments
    found = assess(state, account_id, rules)
    scores = Scores(
        pays_within=found.answers["pays_within"].probability,
        late_payment=found.answers["late_payment"].probability,
    )
    why = decide(rules.policy, found.features, scores, commitments.stay, state.latest_on)
    because = why.because
    if why.segment != row.segment:
        because = f"by {row.policy_version}; a re-score will move it to {why.segment}"
    return json_response(
        {
            "account_id": account_id,
            "segment": row.segment,
            "since_on": commitments.stay.since if commitments.stay else None,
            "because": because,
            "warnings": commitments.warned,
            "arms": row.arms,
            "policy_version": row.policy_version,
        }
    )
