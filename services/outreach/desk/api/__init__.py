"""The desk over HTTP."""

from fastapi import APIRouter

from services.outreach.desk.api import accounts, approvals, cases, people, tasks, worklist

router = APIRouter()
for part in (worklist, tasks, cases, approvals, people, accounts):
    router.include_router(part.router)
