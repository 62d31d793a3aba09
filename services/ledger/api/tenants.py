"""Tenants, days, rejections, integrity."""

from typing import Any

from fastapi import APIRouter

from services.ledger.api import models
from services.ledger.api.dependencies import Admin, ContextDep, Reader, Writer
from services.ledger.commands.integrity import check_accounts
from services.ledger.commands.tenants import put_tenant
from services.ledger.processes.days import start_day
from services.ledger.store.failures import list_failures
from services.ledger.store.integrity import count_violations
from services.ledger.store.rejections import list_rejections
from services.ledger.store.tenants import find_tenants
from shared import clock
from shared.calendars import CALENDARS
from shared.clock import is_zone
from shared.database import Session
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.events.ledger import Tenant
from shared.ids import is_tenant
from shared.money import is_currency
from shared.texts import shown
from shared.web import PagingDep, ReadSessionDep, SessionDep, page
from shared.web.auth import Caller

router = APIRouter()


@router.put("/v1/tenants/{tenant_id}", response_model=models.TenantView, tags=["tenants"])
async def store_tenant(
    tenant_id: str,
    body: models.TenantSettings,
    context: ContextDep,
    session: SessionDep,
    caller: Admin,
) -> Any:
    """Store a tenant's settings; members left out take their defaults."""
    _check_tenant(tenant_id, body, caller)
    await _check_organisation(session, tenant_id, body.organisation, caller)
    tenant = Tenant(tenant_id=tenant_id, **body.model_dump())
    await put_tenant(session, tenant, context, now=clock.now())
    return {"tenant_id": tenant_id, **body.model_dump()}


def _check_tenant(tenant_id: str, body: models.TenantSettings, caller: Caller) -> None:
    if caller.tenant != tenant_id and not caller.any_tenant:
        raise NotFound(f"there is no tenant {tenant_id!r}")
    errors = []
    if not is_tenant(tenant_id):
        errors.append(FieldError("/path/tenant_id", "must be 1–40 of a–z, 0–9 and -"))
    if not is_zone(body.timezone):
        errors.append(FieldError("/timezone", f"{shown(body.timezone)!r} is no IANA time zone"))
    if body.reporting_currency is not None and not is_currency(body.reporting_currency):
        errors.append(
            FieldError(
                "/reporting_currency", f"{shown(body.reporting_currency)!r} is not in ISO 4217"
            )
        )
    if body.calendar is not None and body.calendar not in CALENDARS:
        errors.append(
            FieldError("/calendar", f"is none of the calendars: {', '.join(sorted(CALENDARS))}")
        )
    if body.organisation is not None and not is_tenant(body.organisation):
        errors.append(FieldError("/organisation", "must be 1–40 of a–z, 0–9 and -"))
    if errors:
        raise Invalid("the tenant's settings are not valid", errors)


async def _check_organisation(
    session: Session, tenant_id: str, organisation: str | None, caller: Caller
) -> None:
    """Tenants of one organisation limit each other's contacts: none joins another on its own."""
    if caller.any_tenant:
        return
    known = (await find_tenants(session, [tenant_id])).get(tenant_id)
    if organisation != (known.organisation if known is not None else None):
        raise Forbidden("The organisation is set by operators who may act for any tenant.")


@router.get("/v1/tenants/{tenant_id}", response_model=models.TenantView, tags=["tenants"])
async def read_tenant(tenant_id: str, session: ReadSessionDep, caller: Admin) -> Any:
    found = (await find_tenants(session, [tenant_id])).get(tenant_id)
    if found is None or (caller.tenant != tenant_id and not caller.any_tenant):
        raise NotFound(f"there is no tenant {tenant_id!r}")
    return {name: getattr(found, name) for name in found.__struct_fields__}


@router.post(
    "/v1/jobs/start-day",
    response_model=models.StartDayAnswer,
    response_model_exclude_defaults=True,
    tags=["jobs"],
)
async def begin_day(body: models.StartDayRequest, context: ContextDep, caller: Writer) -> Any:
    """Bring every account of the tenant to 00:00 of a day in its own zone; safe to repeat."""
    if (body.day is None) == (body.at is None):
        raise Invalid("give `day` or `at`", [FieldError("/day", "exactly one of day and at")])
    started = await start_day(context, caller.tenant, day=body.day, at=body.at)
    return {"counts": started.counts, "set_aside": started.set_aside}


@router.get("/v1/set-aside", response_model=models.SetAsidePage, tags=["jobs"])
async def get_set_aside(session: ReadSessionDep, caller: Reader, paging: PagingDep) -> Any:
    """Accounts that can't be computed and were left out of the day; tried again when they change,
    and when the next day begins."""
    (after,) = paging.after(tuple[str]) or ("",)
    found = await list_failures(session, caller.tenant, after=after, limit=paging.limit + 1)
    rows = [{name: getattr(one, name) for name in one.__struct_fields__} for one in found]
    return page(rows, paging.limit, lambda row: (row["account_id"],))


@router.get("/v1/rejections", response_model=models.RejectionPage, tags=["intake"])
async def get_rejections(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    account_id: str | None = None,
) -> Any:
    """Events refused from Kafka or HTTP, newest first."""
    (before,) = paging.after(tuple[int]) or (None,)
    found = await list_rejections(
        session,
        caller.tenant,
        account_id=account_id,
        before=before,
        limit=paging.limit + 1,
    )
    rows = [
        {
            **{name: getattr(r, name) for name in models.RejectionView.model_fields},
            "errors": [{"pointer": e.pointer, "detail": e.detail} for e in r.errors],
        }
        for r in found
    ]
    return page(rows, paging.limit, lambda row: (row["rejection_id"],))


@router.get("/v1/integrity", response_model=models.Integrity, tags=["integrity"])
async def get_integrity(context: ContextDep, session: ReadSessionDep, caller: Reader) -> Any:
    """Every invariant and how often it is violated, in one snapshot. Reads all of the tenant."""
    counted = await count_violations(session, caller.tenant)
    computed = await check_accounts(session, caller.tenant, context)
    return {
        "items": [
            {"name": name, "violations": violations}
            for name, violations in {**counted, **computed}.items()
        ]
    }
