"""Jobs over HTTP: days that begin."""

from typing import Any

from fastapi import APIRouter

from services.metrics.api import plan_models as models
from services.metrics.api.dependencies import ContextDep, WriterDep
from services.metrics.processes.days import AskBacklog, start_day
from shared.errors import FieldError, Invalid


def router(backlog: AskBacklog) -> APIRouter:
    """`backlog` says how far behind the service is, which is told with what a check finds."""
    routes = APIRouter(tags=["jobs"])

    @routes.post("/v1/jobs/start-day", response_model=models.BegunDaysAnswer, summary="Begin a day")
    async def begin_day(
        body: models.BeginDaysRequest, context: ContextDep, caller: WriterDep
    ) -> Any:
        """Check what was, by what was known then, and every missed day before; safe to repeat."""
        if (body.day is None) == (body.at is None):
            raise Invalid("give `day` or `at`", [FieldError("/day", "exactly one of day and at")])
        started = await start_day(context, caller.tenant, backlog, day=body.day, at=body.at)
        return {"counts": started.counts}

    return routes
