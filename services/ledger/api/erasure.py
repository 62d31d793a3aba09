"""Erasure of an account's personal data, and its certificate (docs/erasure.md)."""

import hashlib
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from msgspec import to_builtins
from pydantic import Field

from services.ledger.api.commands import ByBody, Reason, Staff, default_by
from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.api.models import Answer
from services.ledger.api.views import approval_view
from services.ledger.commands.agreements import Asked, run_command
from services.ledger.domain.agreements import By
from services.ledger.domain.doors.erasures import erase
from services.ledger.domain.erasures import Certificate, open_request
from services.ledger.store.erasures import find_certificate
from shared import clock
from shared.errors import NotFound
from shared.web import Day, Model, ReadSessionDep
from shared.web.models import json_response

router = APIRouter(tags=["personal data"])
_PATH = "/v1/accounts/{account_id}/personal-data"


class ErasureBody(Model):
    """Why, and whether it is to be erased although something stands."""

    reason: Reason
    override: bool = Field(
        False, description="ask somebody else of the role compliance to let it be erased"
    )
    by: ByBody | None = Field(None, description="who asks; default: who calls")


class ErasedView(Answer):
    what: str
    count: int


class KeptView(Answer):
    what: str
    why: str
    until_on: Day | None


class CertificateView(Answer):
    """What was erased, and what is kept, and why."""

    certificate_id: str
    account_id: str
    because: Literal["request", "retention"]
    erased_on: Day
    stood: list[str] = Field(description="what stood all the same, when it was approved")
    erased: list[ErasedView]
    kept: list[KeptView]


@router.delete(
    _PATH,
    response_model=CertificateView,
    responses={202: {"description": "it waits for an approval"}},
)
async def delete_personal_data(
    account_id: str, body: ErasureBody, context: ContextDep, caller: Staff
) -> Response:
    """Erase the personal data of an account; asked again, the same certificate.

    409 `because` says what stands; with `override` it waits for somebody else's approval.
    """
    by = By(body.by.kind, body.by.id) if body.by is not None else default_by(caller)
    content = f"{account_id}\n{body.reason}\n{body.override}".encode()
    asked = Asked(
        tenant_id=caller.tenant,
        account_id=account_id,
        fact=("account-erased", account_id),
        by=by,
        roles=caller.roles,
        request_hash=hashlib.sha256(content).hexdigest(),
    )
    async with context.db.transaction() as session:
        done = await run_command(
            session,
            asked,
            lambda state, asking: erase(state, body.override, body.reason, asking),
            context,
            now=clock.now(),
        )
        certificate = await find_certificate(session, (caller.tenant, account_id))
    if certificate is not None:
        return json_response(_shown(certificate))
    waiting = open_request(done.state)
    assert waiting is not None, "it is erased, or it waits"
    return json_response(
        {"state": "pending_approval", **approval_view(account_id, waiting)}, status=202
    )


@router.get(_PATH, response_model=CertificateView)
async def get_certificate(account_id: str, session: ReadSessionDep, caller: Reader) -> Any:
    """The certificate of an account whose personal data was erased."""
    certificate = await find_certificate(session, (caller.tenant, account_id))
    if certificate is None:
        raise NotFound(f"the personal data of account {account_id!r} was not erased")
    return _shown(certificate)


def _shown(certificate: Certificate) -> dict[str, Any]:
    shown: dict[str, Any] = to_builtins(certificate, builtin_types=(date,))
    return shown
