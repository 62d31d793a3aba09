"""Routes of channels."""

from fastapi import APIRouter

from services.outreach.channels.api import call_scripts, settings

router = APIRouter()
for part in (settings, call_scripts):
    router.include_router(part.router)
