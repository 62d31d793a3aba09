"""People over HTTP: the certificates that let them do certain work."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from services.outreach.api.dependencies import ContextDep
from services.outreach.desk.api.bodies import Collector, Manager, Name
from services.outreach.desk.commands.certificates import give_certificate
from services.outreach.desk.store import people as store
from shared.errors import FieldError, Invalid
from shared.texts import text_fault
from shared.web import Day, Model, ReadSessionDep, SessionDep, json_response

router = APIRouter(tags=["desk"])
Person = Annotated[str, Path(max_length=256)]


class CertificateRequest(Model):
    """Valid on all days from the first to the last; null: without an end."""

    name: Name
    valid_from: Day
    valid_until: Day | None = None


@router.put(
    "/v1/people/{sub}/certificates",
    response_model=dict[str, Any],
    summary="Give a certificate, which opens the queues that need it; given anew, it stands again",
)
async def put_certificate(
    sub: Person,
    body: CertificateRequest,
    caller: Manager,
    context: ContextDep,
    session: SessionDep,
) -> Response:
    faults = []
    if fault := text_fault(sub):
        faults.append(FieldError("/path/sub", fault))
    if body.valid_until is not None and body.valid_until < body.valid_from:
        faults.append(FieldError("/valid_until", "lies before valid_from"))
    if faults:
        raise Invalid("The certificate cannot be given.", faults)
    row = await give_certificate(
        session,
        context.clock,
        caller.tenant,
        sub,
        body.name,
        (body.valid_from, body.valid_until),
        by=caller.subject,
    )
    return json_response(_certificate(row))


@router.get(
    "/v1/people/{sub}/certificates",
    response_model=dict[str, Any],
    summary="The certificates of a person",
)
async def list_certificates(sub: Person, caller: Collector, session: ReadSessionDep) -> Response:
    rows = await store.list_certificates(session, caller.tenant, sub)
    return json_response({"items": [_certificate(row) for row in rows]})


def _certificate(row: Any) -> dict[str, Any]:
    names = (
        "person", "name", "valid_from", "valid_until", "suspended_at", "suspended_because",
        "recorded_at", "recorded_by",
    )  # fmt: skip
    return {name: row[name] for name in names}
