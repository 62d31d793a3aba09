"""All routes of outreach."""

from fastapi import APIRouter

from services.outreach.activity import api as activity
from services.outreach.api import compliance, contacts, reference_rates
from services.outreach.channels import api as channels
from services.outreach.consents import api as consents
from services.outreach.dunning import api as dunning
from services.outreach.history import api as history
from services.outreach.organisations import api as organisations
from services.outreach.rulebooks import api as rulebooks

router = APIRouter()
for part in (
    activity,
    channels,
    consents,
    history,
    organisations,
    rulebooks,
    compliance,
    contacts,
    reference_rates,
    dunning,
):
    router.include_router(part.router)
