"""Dunning over HTTP: the job that makes what is due, and the calls of diallers."""

from fastapi import APIRouter

from services.outreach.dunning.api import dialler, jobs

router = APIRouter()
for part in (jobs, dialler):
    router.include_router(part.router)
