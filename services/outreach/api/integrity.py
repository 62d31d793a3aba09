"""What must always hold in outreach, and how often it does not."""

from typing import Annotated

from fastapi import APIRouter

from services.outreach.activity.store.integrity import count_violations
from shared import clock
from shared.web import Model, ReadSessionDep
from shared.web.auth import Caller, needs

router = APIRouter(tags=["integrity"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]


class Violations(Model):
    name: str
    violations: int


class Integrity(Model):
    items: list[Violations]


@router.get("/v1/integrity", response_model=Integrity, summary="Every invariant, counted")
async def get_integrity(caller: Reader, session: ReadSessionDep) -> Integrity:
    """In one snapshot. Reads all of the tenant."""
    counted = await count_violations(session, caller.tenant, clock.now())
    return Integrity(
        items=[Violations(name=name, violations=count) for name, count in counted.items()]
    )
