"""All routes of outreach."""

from fastapi import APIRouter

from services.outreach.activity import api as activity
from services.outreach.api import (
    compliance,
    contacts,
    integrity,
    opt_outs,
    reference_rates,
    templates,
)
from services.outreach.channels import api as channels
from services.outreach.consents import api as consents
from services.outreach.desk import api as desk
from services.outreach.dunning import api as dunning
from services.outreach.history import api as history
from services.outreach.inbound import api as inbound
from services.outreach.organisations import api as organisations
from services.outreach.portal import api as portal
from services.outreach.rulebooks import api as rulebooks
from services.outreach.webhooks import api as webhooks

router = APIRouter()
for part in (
    activity,
    channels,
    consents,
    history,
    inbound,
    integrity,
    organisations,
    rulebooks,
    compliance,
    contacts,
    reference_rates,
    templates,
    dunning,
    opt_outs,
    desk,
    webhooks,
):
    router.include_router(part.router)
router.include_router(portal.staff)

visitors = portal.router  # of the portal, in an application of its own
