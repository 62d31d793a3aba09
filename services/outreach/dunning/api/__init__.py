"""Dunning over HTTP: the job that makes what is due, strategies, and who is on which."""

from fastapi import APIRouter

from services.outreach.dunning.api import account_strategies, assignments, jobs, strategies, trials

router = APIRouter()
for part in (jobs, strategies, trials, assignments, account_strategies):
    router.include_router(part.router)
