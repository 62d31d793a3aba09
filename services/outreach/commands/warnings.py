"""Start strategies on early warnings: say the task that each leads to, once per episode."""

from collections.abc import Mapping, Sequence

from services.outreach.commands.saying import Said, say
from services.outreach.domain import warnings as rules
from services.outreach.domain.accounts import AccountFacts
from services.outreach.domain.strategies import Strategies
from services.outreach.store import warnings as store
from services.outreach.store.facts import AccountKey
from shared.database import Session
from shared.events import Received
from shared.process import telemetry

TYPE = "early-warning-raised"


async def start_on_warnings(
    session: Session,
    events: Sequence[Received],
    accounts: Mapping[AccountKey, AccountFacts],
    strategies: Strategies,
) -> None:
    """The accounts and invoices stand written, with all that the batch told of them."""
    if not any(strategy.on_warning for strategy in strategies.values()):
        return
    warned = [e for e in events if e.type == TYPE and (e.tenant, e.key) in accounts]
    if not warned:
        return
    keys = {(e.tenant, e.key) for e in warned}
    contact_from = await store.find_contact_from(session, {e.tenant for e in warned})
    invoices = await store.find_open_invoices(session, keys)
    known = await store.find_task_ids(session, keys)
    said: Said = []
    for warning in warned:
        key = (warning.tenant, warning.key)
        task = rules.task(
            warning, accounts[key], strategies, contact_from.get(warning.tenant), invoices[key]
        )
        if task is not None and task.entity not in known:
            known.add(task.entity)
            said.append((task, (warning.key,)))
    await say(session, said)
    if said:
        session.after_commit(lambda: _count(len(said)))


def _count(tasks: int) -> None:
    telemetry.CONTACTS.labels("outreach", "person", "handed-over").inc(tasks)
