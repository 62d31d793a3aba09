"""What the steps of claimed contacts ask of accounts and invoices, by the facts as they are now."""

from collections.abc import Sequence

from services.outreach.activity.domain.contacts import DebtorContact, Item
from services.outreach.dunning.commands.plans import load_debtors
from services.outreach.dunning.domain.live_conditions import AskedAgain, asked_again
from services.outreach.dunning.domain.runs import ContentVersions, RunTime
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.store.strategies import StrategyBooks, StrategyKey
from shared.database import Session
from shared.errors import NotFound


async def load_conditions(
    session: Session,
    tenant: str,
    contacts: Sequence[DebtorContact],
    time: RunTime,
    content: ContentVersions,
    books: StrategyBooks,
) -> dict[Item, AskedAgain]:
    """By item, where its step asks something. To be called before the intents are written: the
    step itself counts for none of its own conditions."""
    strategies = await _strategies(session, tenant, contacts, books)
    asking = {
        contact.debtor_key: contact
        for contact in contacts
        if any(_asks(item, strategies) for item in contact.items)
    }
    if not asking:
        return {}
    states, _ = await load_debtors(session, tenant, sorted(asking), time, content, books)
    found: dict[Item, AskedAgain] = {}
    for state in states:
        for item in asking[state.debtor.key].items:
            strategy = strategies.get((item.strategy, item.version))
            again = strategy and asked_again(item, state.debtor, strategy, time.at)
            if again:
                found[item] = again
    return found


async def _strategies(
    session: Session, tenant: str, contacts: Sequence[DebtorContact], books: StrategyBooks
) -> dict[StrategyKey, Strategy]:
    """By the items of ladders. One that nobody knows asks nothing: it was planned by an older
    release."""
    keys = {(i.strategy, i.version) for c in contacts for i in c.items if i.is_ladder}
    found: dict[StrategyKey, Strategy] = {}
    for key in sorted(keys):
        try:
            found[key] = await books.get(session, tenant, *key)
        except NotFound:
            continue
    return found


def _asks(item: Item, strategies: dict[StrategyKey, Strategy]) -> bool:
    strategy = strategies.get((item.strategy, item.version))
    step = strategy.step(item.step) if strategy is not None and item.is_ladder else None
    return step is not None and bool(step.when)
