"""The facts of debtors as they are committed now, for the contact governor."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.store.addresses import find_address_states
from services.outreach.debtors.store.invoices import find_invoices
from services.outreach.debtors.store.occasions import find_occasions
from services.outreach.debtors.store.profiles import get_profiles
from services.outreach.debtors.store.stops import find_stops
from services.outreach.dunning.commands.shared_attempts import find_shared_attempts
from services.outreach.dunning.domain.governor import ContactGovernor, Unusable
from services.outreach.dunning.domain.runs import ContentVersions
from services.outreach.dunning.domain.shared_attempts import with_others
from services.outreach.organisations.domain import SharedLimits
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.database import Session


async def load_governors(
    session: Session,
    tenant: str,
    contacts: Sequence[DebtorContact],
    content: ContentVersions,
    rulebooks: RuleBookVersions,
    at: datetime,
    limits: SharedLimits | None = None,
) -> dict[str, ContactGovernor]:
    """By contact: what came in about its debtor since it was planned counts too. `limits`: those
    that the tenant shares with others."""
    ids = {contact.debtor_key: contact.debtor_id for contact in contacts}
    profiles = await get_profiles(session, tenant, set(ids), content.residence_default)
    shared = await find_shared_attempts(session, limits, profiles, ids, at)
    profiles |= {key: with_others(profiles[key], found, tenant) for key, found in shared.items()}
    named = {
        contact.contact_id: {(i.account_id, name) for i in contact.items for name in i.invoice_ids}
        for contact in contacts
    }
    invoices = await find_invoices(
        session, {(tenant, *key) for found in named.values() for key in found}
    )
    stops = await find_stops(
        session, {(tenant, item.account_id) for c in contacts for item in c.items}
    )
    answering = {(tenant, i.account_id) for c in contacts for i in c.items if not i.is_ladder}
    occasions = await find_occasions(session, answering)
    return {
        contact.contact_id: ContactGovernor(
            profiles[contact.debtor_key],
            [
                found
                for key in sorted(named[contact.contact_id])
                if (found := invoices.get((tenant, *key))) is not None
            ],
            rulebooks,
            stops=[
                stop
                for account_id in contact.account_ids
                for stop in stops.get((tenant, account_id), {}).values()
            ],
            occasions=[
                occasion
                for account_id in contact.account_ids
                for occasion in occasions.get((tenant, account_id), {}).values()
            ],
        )
        for contact in contacts
    }


async def find_unusable(
    session: Session, tenant: str, profiles: Mapping[str, DebtorProfile], at: datetime
) -> dict[str, Unusable]:
    """By debtor the addresses that do not work now."""
    accounts = {a.account_id for profile in profiles.values() for a in profile.accounts}
    states = await find_address_states(session, tenant, accounts)
    dead: dict[str, set[tuple[str, str]]] = {}
    for (account_id, channel, address), state in states.items():
        if not state.is_usable(at):
            dead.setdefault(account_id, set()).add((channel, address))
    return {
        key: Unusable(frozenset(_of(dead, [a.account_id for a in profile.accounts])))
        for key, profile in profiles.items()
    }


def _of(
    dead: Mapping[str, set[tuple[str, str]]], account_ids: Collection[str]
) -> set[tuple[str, str]]:
    return {each for account_id in account_ids for each in dead.get(account_id, ())}
