"""To whom claimed contacts go, as known now."""

from collections.abc import Collection, Sequence

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.debtors.store.accounts import find_accounts
from services.outreach.debtors.store.addresses import find_address_states
from services.outreach.debtors.store.people import find_people
from services.outreach.dunning.commands.live_conditions import load_conditions
from services.outreach.dunning.domain.outgoing import Recipients
from services.outreach.dunning.domain.runs import ContentVersions, RunTime
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.database import Session


async def load_recipients(
    session: Session,
    tenant: str,
    contacts: Sequence[DebtorContact],
    time: RunTime,
    content: ContentVersions,
    books: StrategyBooks,
    *,
    configured: Collection[str],
) -> Recipients:
    account_ids = sorted({a for contact in contacts for a in contact.account_ids})
    people = await find_people(session, tenant, account_ids)
    known = await find_accounts(session, {(tenant, a) for a in account_ids})
    sequences = {account_id: facts.sequence for (_, account_id), facts in known.items()}
    countries = {account_id: facts.country for (_, account_id), facts in known.items()}
    states = await find_address_states(session, tenant, account_ids)
    unusable = {(s.channel, s.address) for s in states.values() if not s.is_usable(time.at)}
    return Recipients(
        people,
        sequences,
        frozenset(configured),
        countries,
        frozenset(unusable),
        await load_conditions(session, tenant, contacts, time, content, books),
    )
