"""Organisations over HTTP: the limits that their tenants share. For operators of all tenants."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response

from services.outreach.organisations.domain import OrganisationSettings, read_settings
from services.outreach.organisations.store import get_settings, list_tenants, upsert_settings
from shared import clock
from shared.database import Session
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.ids import is_tenant
from shared.texts import shown
from shared.web import Model, ReadSessionDep, SessionDep, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["organisations"])
Operator = Annotated[Caller, needs("admin", body_max=4096)]
Organisation = Annotated[str, Path(alias="id", max_length=64)]


class CapsView(Model):
    gap_days: int
    per_7_days: int
    per_30_days: int | None


class OrganisationView(Model):
    organisation: str
    caps: CapsView
    shared_debtor_ids: bool
    tenants: list[str]


@router.put("/v1/organisations/{id}/settings", response_model=OrganisationView)
async def store_organisation(
    organisation: Organisation, request: Request, session: SessionDep, caller: Operator
) -> Response:
    """Limits over all tenants whose `organisation` (a member of the ledger's tenant) is this one.
    Members left out take their defaults. Needs a token that may act for any tenant."""
    _check(organisation, caller)
    settings = read_settings(await request.body() or b"{}")
    await upsert_settings(session, organisation, settings, by=caller.subject, now=clock.now())
    return json_response(await _view(session, organisation, settings))


@router.get("/v1/organisations/{id}/settings", response_model=OrganisationView)
async def read_organisation(
    organisation: Organisation, session: ReadSessionDep, caller: Operator
) -> Response:
    _check(organisation, caller)
    settings = await get_settings(session, organisation)
    if settings is None:
        raise NotFound(f"The organisation {shown(organisation)} has no settings.")
    return json_response(await _view(session, organisation, settings))


def _check(organisation: str, caller: Caller) -> None:
    if not caller.any_tenant:
        raise Forbidden("Organisations are for operators who may act for any tenant.")
    if not is_tenant(organisation):
        problem = FieldError("/path/id", "must be 1–40 of a–z, 0–9 and -")
        raise Invalid("That is no organisation.", [problem])


async def _view(
    session: Session, organisation: str, settings: OrganisationSettings
) -> dict[str, object]:
    shown_settings: dict[str, object] = msgspec.to_builtins(settings)
    tenants = await list_tenants(session, organisation)
    return {"organisation": organisation, **shown_settings, "tenants": tenants}
