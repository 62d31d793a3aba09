"""Disputes over HTTP: opened, given evidence, resolved."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from services.ledger.api.commands import (
    CallDep,
    CommandBody,
    Id,
    Reason,
    ReasonBody,
    Staff,
    StaffOrDebtor,
    Text,
)
from services.ledger.api.dependencies import ContextDep, Reader, ReaderOrDebtor
from services.ledger.api.views import Shown, dispute_view
from services.ledger.commands.accounts import find_account
from services.ledger.domain import AccountState
from services.ledger.domain.disputes import NOUN, dispute_of, disputes
from services.ledger.domain.doors.disputes import (
    DisputeTerms,
    Outcome,
    Verdict,
    add_evidence,
    open_dispute,
    resolve_dispute,
)
from shared.errors import NotFound
from shared.events.billing import ReasonCode
from shared.web import Model, ReadSessionDep
from shared.web.models import Minor

router = APIRouter(tags=["disputes"])
_PATH = "/v1/accounts/{account_id}/disputes"


class EvidenceBody(Model):
    """Where something is kept; no file."""

    ref: Reason


class DisputeBody(CommandBody):
    """An invoice (an amount, some of its lines counted from 1, or all of it), or a charge."""

    dispute_id: Id | None = None
    invoice_id: Id | None = None
    charge_id: Id | None = None
    amount_minor: Minor | None = None
    lines: list[Annotated[int, Field(ge=1)]] = Field(default_factory=list, max_length=1000)
    reason_code: ReasonCode
    reason: Text | None = None
    evidence: list[EvidenceBody] = Field(default_factory=list, max_length=100)


class AddedEvidenceBody(CommandBody):
    ref: Reason


class ResolutionBody(ReasonBody):
    outcome: Outcome
    credited_minor: Minor | None = None
    reason_code: Literal["amended"] | None = Field(None, description="another takes its place")


def _shown(state: AccountState, dispute_id: str) -> Shown:
    case = dispute_of(state, dispute_id)
    if case is None:
        raise NotFound(f"there is no dispute {dispute_id!r} of the account")
    return dispute_view(case, state)


@router.post(_PATH, status_code=201)
async def post_dispute(body: DisputeBody, call: CallDep, _caller: StaffOrDebtor) -> Response:
    """Dispute an invoice, some of it, or a charge."""
    dispute_id = call.id_for(NOUN, body.dispute_id)
    terms = DisputeTerms(
        dispute_id=dispute_id,
        invoice_id=body.invoice_id,
        charge_id=body.charge_id,
        amount_minor=body.amount_minor,
        lines=tuple(body.lines),
        reason_code=body.reason_code,
        reason=body.reason,
        evidence=tuple([each.ref for each in body.evidence]),
    )
    return await call.answer(
        body,
        lambda state, asking: open_dispute(state, terms, asking),
        ("dispute-opened", dispute_id),
        lambda done: _shown(done.state, dispute_id),
        id_pointer="/dispute_id",
        status=201,
    )


@router.post(_PATH + "/{dispute_id:path}/evidence")
async def post_evidence(
    dispute_id: str, body: AddedEvidenceBody, call: CallDep, _caller: StaffOrDebtor
) -> Response:
    """Keep a reference to evidence: the debtor's deadline is met."""
    return await call.answer(
        body,
        lambda state, asking: add_evidence(state, dispute_id, body.ref, asking),
        None,
        lambda done: _shown(done.state, dispute_id),
    )


@router.post(_PATH + "/{dispute_id:path}/resolve")
async def post_resolution(
    dispute_id: str, body: ResolutionBody, call: CallDep, _caller: Staff
) -> Response:
    """Resolve a dispute: needs a supervisor."""
    verdict = Verdict(
        outcome=body.outcome,
        reason=body.reason,
        credited_minor=body.credited_minor,
        reason_code=body.reason_code,
    )
    return await call.answer(
        body,
        lambda state, asking: resolve_dispute(state, dispute_id, verdict, asking),
        ("dispute-resolved", dispute_id),
        lambda done: _shown(done.state, dispute_id),
    )


@router.get(_PATH)
async def list_disputes(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: ReaderOrDebtor,
    state: Annotated[Literal["open", "resolved"] | None, Query()] = None,
) -> Any:
    """An account's disputes, in the order in which they were opened."""
    _, account = await find_account(session, caller.tenant, account_id, context)
    found = [case for case in disputes(account) if state in (None, case.state)]
    return {"items": [dispute_view(case, account) for case in found]}


@router.get(_PATH + "/{dispute_id:path}")
async def get_dispute(
    account_id: str, dispute_id: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Any:
    _, account = await find_account(session, caller.tenant, account_id, context)
    return _shown(account, dispute_id)
