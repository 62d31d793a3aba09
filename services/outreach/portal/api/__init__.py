"""The portal over HTTP: what visitors use, and what staff do with links."""

from fastapi import APIRouter

from services.outreach.portal.api import account, agreements, doorway, links, wishes

router = APIRouter()  # of visitors
for part in (doorway, account, agreements, wishes):
    router.include_router(part.router)

staff = links.router
