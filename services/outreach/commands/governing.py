"""The facts of debtors as they are committed now, put before the governor."""

from collections.abc import Sequence

from services.outreach.commands.plans import Words
from services.outreach.domain.addressing import Bench
from services.outreach.domain.contacts import Contact
from services.outreach.rulebooks.domain import RuleBookVersions
from services.outreach.store import dossiers as dossier_store
from services.outreach.store import facts as fact_store
from shared.database import Session


async def open_benches(
    session: Session,
    tenant: str,
    contacts: Sequence[Contact],
    words: Words,
    shelf: RuleBookVersions,
) -> dict[str, Bench]:
    """By contact: what was said of its debtor since it was planned counts too."""
    keys = {contact.debtor_key for contact in contacts}
    dossiers = await dossier_store.get_dossiers(session, tenant, keys, words.residence_default)
    invoices = await fact_store.find_invoices(
        session,
        {(tenant, item.account_id, item.invoice_id) for c in contacts for item in c.items},
    )
    return {
        contact.contact_id: Bench(
            dossiers[contact.debtor_key],
            [invoices[tenant, item.account_id, item.invoice_id] for item in contact.items],
            words.strategies,
            shelf,
        )
        for contact in contacts
    }
