"""Accounts as commands and reads find them: in turn, from memory, and true to their rows.

The order of locks is the same everywhere, so no two can wait for each other in a circle: a
connection, the turns of accounts by id, the tenants' business time, account rows by id, facts by
id, and last of all the outbox. An account that is not in memory is read and computed when its turn
is taken, so before its row is locked; under the lock only what was stored meanwhile is read.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from itertools import chain
from typing import TypeVar

from msgspec import Struct

from services.ledger import domain
from services.ledger.commands.terms import Terms, find_terms, terms_for, terms_of
from services.ledger.context import Context
from services.ledger.domain import AccountState
from services.ledger.store import accounts as account_store
from services.ledger.store.accounts import AccountUpdate
from services.ledger.store.facts import NotComputable, list_facts
from services.ledger.store.journal import AccountHead, AccountKey
from services.ledger.store.memory import AccountMemory, Remembered
from services.ledger.store.notices import list_notices
from services.ledger.store.tenants import LockedTenant, find_tenant_times
from shared.database import Session
from shared.errors import AppError, NotFound, Unavailable
from shared.process.telemetry import logger

log = logger(__name__)

_BEFORE_ALL = -1  # rows from before versions were kept have version 0

T = TypeVar("T")


class LockedAccount(Struct, frozen=True):
    """An account whose row is locked: what is remembered of it is what is stored."""

    head: AccountHead
    remembered: Remembered

    @property
    def state(self) -> AccountState:
        return self.remembered.state


class HeldTurns:
    """The turns that one transaction has. They end with it, after its failure is cleaned up."""

    def __init__(self, memory: AccountMemory) -> None:
        self.keys: set[AccountKey] = set()
        self.remembered: dict[AccountKey, Remembered] = {}  # whatever memory has no room for
        self.changing: set[AccountKey] = set()  # not what is stored: dropped, if it stays so
        self._memory = memory

    def end(self, _is_committed: bool) -> None:
        self._memory.forget(self.changing)
        for key in self.keys:
            self._memory.turns.give_back(key)


async def in_slices(session: Session, work: domain.Slices[T], account_id: str) -> T:
    """Drive a long computation; the event loop and the transaction's server hear of us.

    Raises `NotComputable` for whatever the rules raise but an error that is meant for the caller.
    """
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        except AppError:
            raise
        except Exception as error:
            raise not_computable(account_id, error) from error
        await session.give_way()


def not_computable(account_id: str, error: Exception) -> NotComputable:
    """The error to raise instead. What is behind it is in the log."""
    log.error("account not computable", account=account_id, exc_info=error)
    return NotComputable(
        f"account {account_id!r} can't be computed ({type(error).__name__}). Other accounts are not"
        " concerned; the service's log says more"
    )


async def take_turns(session: Session, keys: Collection[AccountKey], context: Context) -> HeldTurns:
    """Take the turns of some accounts until the transaction ends, and read those that are cold."""
    memory = context.accounts
    hold = HeldTurns(memory)
    session.at_end(hold.end)
    for key in sorted(keys):
        await memory.turns.take(key, session)
        hold.keys.add(key)
        if (remembered := memory.recall(key)) is not None:
            hold.remembered[key] = remembered
    await _read_cold(session, hold, context)
    return hold


async def try_turns(session: Session, keys: Iterable[AccountKey], context: Context) -> HeldTurns:
    """The same for those of the accounts whose turns are free."""
    free = [key for key in keys if not context.accounts.turns.is_taken(key)]
    return await take_turns(session, free, context)  # nobody comes between: free ones don't wait


async def lock_accounts(
    session: Session,
    hold: HeldTurns,
    heads: Mapping[AccountKey, AccountHead],
    terms: Mapping[str, Terms],
    context: Context,
) -> dict[AccountKey, LockedAccount]:
    """The accounts of locked rows, with all that is stored, by their tenants' terms."""
    if not heads.keys() <= hold.keys:
        raise Unavailable("accounts came to it while it waited")
    memory = context.accounts
    locked: dict[AccountKey, LockedAccount] = {}
    stale: dict[AccountKey, LockedAccount] = {}
    for key, head in heads.items():
        account = hold.remembered.get(key)
        if account is None:
            known = terms[key[0]].of(head)
            new = domain.new_account(key[1], known.zone, memory.undo_facts, known.rules)
            account = hold.remembered[key] = Remembered(_BEFORE_ALL if head.version else 0, new)
        assert account.version <= head.version, "nobody has its turn, so nobody has changed it"
        locked[key] = LockedAccount(head, account)
        if account.version != head.version or _is_other(account.state, terms[key[0]].of(head)):
            stale[key] = locked[key]
    if stale:
        await _read_newer(session, hold, stale, terms, memory)
    return locked


def _is_other(state: AccountState, terms: Terms) -> bool:
    """Whether it was computed by other terms than these."""
    if state.rules is not terms.rules and state.rules == terms.rules:
        state.rules = terms.rules  # what is the same is told by a glance the next time
    return state.tenant_zone != terms.zone or state.rules is not terms.rules


def remember_updates(
    hold: HeldTurns,
    context: Context,
    locked: Mapping[AccountKey, LockedAccount],
    updates: Iterable[AccountUpdate],
) -> None:
    """What was changed in place is stored now: call it after the commit."""
    for update in updates:
        context.accounts.remember_update(update.key, locked[update.key].remembered, update.version)
        hold.changing.discard(update.key)


async def find_accounts(
    session: Session, tenant_id: str, account_ids: Iterable[str], context: Context
) -> tuple[LockedTenant | None, dict[str, AccountState]]:
    """A tenant and some of its accounts as a reading session sees them, in one snapshot.

    The snapshot is taken after the accounts' turns, so that none in memory is newer; the turns are
    held until the session ends. Answers must copy what they take: an account is changed in place
    by whoever has its turn next.
    """
    wanted = {(tenant_id, account_id) for account_id in account_ids}
    hold = await take_turns(session, wanted, context)
    await session.renew()
    tenant = (await find_tenant_times(session, [tenant_id])).get(tenant_id)
    if tenant is None:
        return None, {}
    heads = await account_store.find_heads(session, wanted)
    terms = await terms_of(session, {tenant_id: tenant}, context)
    locked = await lock_accounts(session, hold, heads, terms, context)
    return tenant, {key[1]: account.state for key, account in locked.items()}


async def find_account(
    session: Session, tenant_id: str, account_id: str, context: Context
) -> tuple[LockedTenant, AccountState]:
    """One account in the same way. Raises `NotFound` where the tenant has no such account."""
    tenant, found = await find_accounts(session, tenant_id, [account_id], context)
    if tenant is None or account_id not in found:
        raise NotFound(f"there is no account {account_id!r}")
    return tenant, found[account_id]


def each_account(
    session: Session, tenant: LockedTenant, account_ids: Collection[str], context: Context
) -> AbstractAsyncContextManager[AsyncIterator[AccountState]]:
    """Many accounts as a reading session's snapshot has them, one after the other.

    One in memory is used if it is of the snapshot's version and nobody has its turn; the others
    are computed and not remembered, so that going through all pushes no busy one out. Whoever
    leaves in the middle gives back the turn of the account in hand at once.
    """
    return aclosing(_each_account(session, tenant, account_ids, context))


async def _each_account(
    session: Session, tenant: LockedTenant, account_ids: Collection[str], context: Context
) -> AsyncGenerator[AccountState, None]:
    tenant_id = tenant.settings.tenant_id
    terms = await terms_for(session, tenant.settings, context)
    memory = context.accounts
    heads = await account_store.find_heads(session, {(tenant_id, name) for name in account_ids})
    cold = []
    for key, head in heads.items():
        if memory.turns.try_take(key):
            try:
                known = memory.recall(key)
                if (
                    known
                    and known.version == head.version
                    and not _is_other(known.state, terms.of(head))
                ):
                    yield known.state
                    continue
            finally:
                memory.turns.give_back(key)
        cold.append(key)
    computed = await compute_accounts(session, {key: heads[key] for key in cold}, terms)
    for state in computed.values():
        yield state


async def compute_accounts(
    session: Session,
    heads: Mapping[AccountKey, AccountHead],
    terms: Terms,
    undo_facts: int | None = 0,
) -> dict[AccountKey, AccountState]:
    """Accounts of one tenant by all that was stored up to their heads, computed from facts.

    Without undo entries they are for reading alone.
    """
    versions = {key: head.version for key, head in heads.items()}
    facts = await list_facts(session, versions)
    notices = await list_notices(session, versions)
    return {
        key: await in_slices(
            session,
            domain.load_account_in_slices(
                key[1],
                terms.zone,
                facts.get(key, ()),
                notices.get(key, ()),
                undo_facts,
                rules=terms.of(head).rules,
                begun_on=head.begun_on,
            ),
            key[1],
        )
        for key, head in heads.items()
    }


async def _read_cold(session: Session, hold: HeldTurns, context: Context) -> None:
    """Read and compute accounts as of the version seen; those that are not stored are left out."""
    cold, memory = hold.keys - hold.remembered.keys(), context.accounts
    if not cold:
        return
    heads = await account_store.find_heads(session, cold)
    found = await find_terms(session, {tenant_id for tenant_id, _ in heads}, context)
    for tenant_id, terms in found.items():
        own = {key: head for key, head in heads.items() if key[0] == tenant_id}
        computed = await compute_accounts(session, own, terms, memory.undo_facts)
        for key, state in computed.items():
            hold.remembered[key] = Remembered(own[key].version, state)
            memory.remember(key, hold.remembered[key])


async def _read_newer(
    session: Session,
    hold: HeldTurns,
    stale: Mapping[AccountKey, LockedAccount],
    terms: Mapping[str, Terms],
    memory: AccountMemory,
) -> None:
    """Bring accounts in memory to what other processes stored since."""
    versions = {key: account.remembered.version for key, account in stale.items()}
    facts = await list_facts(session, versions, is_after=True)
    notices = await list_notices(session, versions, is_after=True)
    for key, account in stale.items():
        remembered, known = account.remembered, terms[key[0]].of(account.head)
        hold.changing.add(key)
        newer = facts.get(key, [])
        if _is_other(remembered.state, known):
            again = domain.load_account_in_slices(
                key[1],
                known.zone,
                [*remembered.state.facts, *newer],
                _latest(remembered.state, notices.get(key, ())),
                memory.undo_facts,
                rules=known.rules,
                begun_on=account.head.begun_on,
            )
            remembered.state = await in_slices(session, again, key[1])
        else:
            absorbed = domain.absorb_in_slices(
                remembered.state, newer, notices.get(key, ()), account.head.begun_on
            )
            await in_slices(session, absorbed, key[1])
        remembered.version = account.head.version
        if memory.recall(key) is remembered:
            memory.remember(key, remembered)  # it has grown
            hold.changing.discard(key)


def _latest(
    state: AccountState, newer: Iterable[domain.StageNotice]
) -> Iterable[domain.StageNotice]:
    known = chain(*state.notices.values(), newer)
    return {(notice.invoice_id, notice.key): notice for notice in known}.values()
