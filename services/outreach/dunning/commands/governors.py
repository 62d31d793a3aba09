"""The facts of debtors as they are committed now, for the contact governor."""

from collections.abc import Sequence

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.debtors.store.invoices import find_invoices
from services.outreach.debtors.store.profiles import get_profiles
from services.outreach.debtors.store.stops import find_stops
from services.outreach.dunning.domain.governor import ContactGovernor
from services.outreach.dunning.domain.runs import ContentVersions
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.database import Session


async def load_governors(
    session: Session,
    tenant: str,
    contacts: Sequence[DebtorContact],
    content: ContentVersions,
    rulebooks: RuleBookVersions,
) -> dict[str, ContactGovernor]:
    """By contact: what came in about its debtor since it was planned counts too."""
    keys = {contact.debtor_key for contact in contacts}
    profiles = await get_profiles(session, tenant, keys, content.residence_default)
    invoices = await find_invoices(
        session,
        {(tenant, item.account_id, item.invoice_id) for c in contacts for item in c.items},
    )
    stops = await find_stops(
        session, {(tenant, item.account_id) for c in contacts for item in c.items}
    )
    return {
        contact.contact_id: ContactGovernor(
            profiles[contact.debtor_key],
            [invoices[tenant, item.account_id, item.invoice_id] for item in contact.items],
            content.strategies,
            rulebooks,
            [
                stop
                for account_id in contact.account_ids
                for stop in stops.get((tenant, account_id), {}).values()
            ],
        )
        for contact in contacts
    }
