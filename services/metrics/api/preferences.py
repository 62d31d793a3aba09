"""A tenant's settings for metrics."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from services.metrics.api.answer_models import Shape
from services.metrics.api.dependencies import CallerDep, SetterDep
from services.metrics.store.preferences import (
    PeopleShown,
    find_people_shown,
    upsert_people_shown,
)
from shared.web import Model, ReadSessionDep, SessionDep

router = APIRouter(tags=["settings"])


class SentSettings(Model):
    people: PeopleShown


class SettingsView(Shape):
    people: PeopleShown = Field(
        description="whose figures by person may be looked at: nobody's (off), one's own, all"
    )


@router.get("/v1/settings", response_model=SettingsView)
async def get_settings(session: ReadSessionDep, caller: CallerDep) -> Any:
    """What the tenant has set; `own` by default."""
    return {"people": await find_people_shown(session, caller.tenant)}


@router.put("/v1/settings", response_model=SettingsView)
async def put_settings(body: SentSettings, session: SessionDep, caller: SetterDep) -> Any:
    """Set whether figures by person are shown: `off`, each person's `own` to them alone, or `all`
    to who may see people."""
    await upsert_people_shown(session, caller.tenant, body.people)
    return {"people": body.people}
