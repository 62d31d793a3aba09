"""Dunning over HTTP: the job that makes what is due, strategies, who is on which, and the calls of
diallers."""

from fastapi import APIRouter

from services.outreach.dunning.api import (
    account_strategies,
    assignments,
    dialler,
    jobs,
    pauses,
    strategies,
    trials,
)

router = APIRouter()
for part in (jobs, strategies, trials, assignments, account_strategies, pauses, dialler):
    router.include_router(part.router)
