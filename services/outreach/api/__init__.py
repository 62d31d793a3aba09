"""Door 1: HTTP. accounts.py the story and the contacts of an account, consents.py and history.py
what people said and what others did, rulebooks.py and compliance.py the contact rules, jobs.py
`run-due`, pages.py the page at `/compliance`."""

from fastapi import APIRouter

from services.outreach.api import accounts, compliance, consents, history, jobs, rulebooks

router = APIRouter()
for part in (accounts, consents, history, rulebooks, compliance, jobs):
    router.include_router(part.router)
