"""A command about one account: checked at the door of its noun, recorded as facts, once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct, structs

from services.ledger.commands.accounts import (
    HeldTurns,
    LockedAccount,
    find_account,
    in_slices,
    lock_accounts,
    take_turns,
)
from services.ledger.commands.erasures import erase_stored
from services.ledger.commands.facts import record_locked
from services.ledger.commands.new_facts import NewFact, Outcome
from services.ledger.commands.tenants import lock_tenants, recorded_time
from services.ledger.commands.terms import terms_of
from services.ledger.context import Context
from services.ledger.domain import (
    AccountState,
    Fact,
    before_in_slices,
    fact_id_of,
    record_in_slices,
)
from services.ledger.domain.agreements import AccountErased, By, CommandFact
from services.ledger.domain.doors import Asking, Resolved
from services.ledger.domain.doors.options import Option, options
from services.ledger.domain.fork import fork
from services.ledger.domain.policies import NAMES
from services.ledger.domain.registry import KINDS
from services.ledger.store import accounts as account_store
from services.ledger.store import facts as fact_store
from services.ledger.store import requests as request_store
from services.ledger.store.facts import key_of
from services.ledger.store.journal import AccountKey
from services.ledger.store.segments import find_segment
from services.ledger.store.tenants import LockedTenant
from shared.clock import local_day
from shared.database import Session
from shared.errors import AppError, Conflict, FieldError, Forbidden, Invalid, NotFound

SOURCE = "/recoup/ledger"
ORIGIN = "command"
_LATE = timedelta(days=31)  # further back only with the role manager
_STEP = timedelta(milliseconds=1)

_TYPE_OF: Mapping[type[Struct], str] = {kind.data: name for name, kind in KINDS.items()}


class Asked(Struct, frozen=True, kw_only=True):
    """A command as it came in."""

    tenant_id: str
    account_id: str
    fact: tuple[str, str] | None  # kind and id of the fact that says that it was done already
    id_pointer: str = ""  # of that id in the body, where the caller chose it
    at: datetime | None = None
    by: By = By()
    channel: str | None = None
    note: str | None = None
    roles: frozenset[str] = frozenset()
    if_match: str | None = None  # the ETag of `options`
    is_preview: bool = False
    is_agreed: bool = False  # by the debts of its instant, whatever happened later
    request_hash: str


Door = Callable[[AccountState, Asking], Resolved]


class Done(Struct, frozen=True):
    """The account after a command: as it is, or as it would be (a preview)."""

    state: AccountState
    before: AccountState  # of a preview: the account as it is
    tenant: LockedTenant
    facts: tuple[CommandFact, ...]
    is_repeat: bool = False

    @property
    def begun_on(self) -> date | None:
        return self.tenant.begun.on(self.state.zone)


class AccountMoved(Conflict):
    """Something happened to the account since its options were read."""

    status = 412
    title = "Account moved"


def etag_of(version: int) -> str:
    """The ETag of an account's options: another one after everything that happened to it."""
    return f'"{version}"'


async def run_command(
    session: Session, asked: Asked, door: Door, context: Context, *, now: datetime
) -> Done:
    """Do what is asked, or what it would come to, with the account locked.

    Raises what the door raises, `AccountMoved`, `NotFound`, and `Invalid` for an id that names
    something else already.
    """
    key = (asked.tenant_id, asked.account_id)
    hold, locked, tenant = await _lock(session, key, context, now)
    account = locked[key]
    if not account.state.registered:
        raise NotFound(f"there is no account {asked.account_id!r}")
    if await _was_done(session, asked):
        return Done(account.state, account.state, tenant, (), is_repeat=True)
    if asked.if_match not in (None, "*", etag_of(account.head.version)):
        raise AccountMoved("Something happened to the account: read its options again.")
    asking = await _asking(session, asked, account.state, tenant, context, now)
    seen = account.state
    if asked.is_agreed:
        work = before_in_slices(seen, asking.at)
        seen = await in_slices(session, work, asked.account_id)
    resolved = door(seen, asking)
    new = [_new_fact(asked, fact, asking.at) for fact in resolved.facts]
    if asked.is_preview:
        tried = fork(account.state)
        recorded = [each.fact for each in new]
        trial = record_in_slices(tried, recorded, tenant.begun)
        await in_slices(session, trial, asked.account_id)
        return Done(tried, account.state, tenant, resolved.facts)
    outcomes: list[Outcome | None] = [None] * len(new)
    tenants = {asked.tenant_id: tenant}
    await record_locked(session, new, outcomes, (hold, locked, tenants), context, now=now)
    for outcome in outcomes:
        if outcome is not None and outcome.status == "duplicate":
            return Done(account.state, account.state, tenant, (), is_repeat=True)
        if outcome is not None:
            raise Invalid("The command cannot be taken.", outcome.errors)
    for fact in resolved.facts:
        if isinstance(fact, AccountErased):
            await erase_stored(session, asked.tenant_id, account.state, fact, now=now)
    if resolved.request is not None and account.state.timeless.erased_at is None:
        request = _accepted(resolved)
        await request_store.keep_request(session, asked.tenant_id, request, now=now)
    return Done(account.state, account.state, tenant, resolved.facts)


async def keep_refusal(context: Context, tenant_id: str, error: AppError, *, now: datetime) -> None:
    """Keep what was refused, for the dry runs of other policies."""
    request = getattr(error, "request", None)
    if request is not None:
        async with context.db.transaction() as session:
            await request_store.keep_request(session, tenant_id, request, now=now)


async def _lock(
    session: Session, key: AccountKey, context: Context, now: datetime
) -> tuple[HeldTurns, dict[AccountKey, LockedAccount], LockedTenant]:
    hold = await take_turns(session, {key}, context)
    tenants = await lock_tenants(session, {key[0]}, context, now=now, makes=False)
    heads = await account_store.lock_heads(session, [key])
    if key[0] not in tenants or key not in heads:
        raise NotFound(f"there is no account {key[1]!r}")
    terms = await terms_of(session, tenants, context)
    locked = await lock_accounts(session, hold, heads, terms, context)
    return hold, locked, tenants[key[0]]


async def _was_done(session: Session, asked: Asked) -> bool:
    """Whether this command's fact is known. Raises `Invalid` where it is another's."""
    if asked.fact is None:
        return False  # known by what was asked alone
    kind, fact_id = asked.fact
    owner = asked.account_id if KINDS[kind].needs is not None else ""
    name = (asked.tenant_id, kind, fact_id, owner)
    known = (await fact_store.find_facts(session, [name])).get(name)
    if known is None:
        return False
    data = known.data
    same = getattr(data, "request_hash", None) == asked.request_hash
    if same and known.account_id == asked.account_id:
        return True
    if not asked.id_pointer:
        return False  # an end that happened: the door says in what state it finds it
    detail = "names something else already"
    raise Invalid("The id is taken.", [FieldError(asked.id_pointer, detail)])


async def _asking(
    session: Session,
    asked: Asked,
    state: AccountState,
    tenant: LockedTenant,
    context: Context,
    now: datetime,
) -> Asking:
    business_now = recorded_time(tenant, context, now).now
    at = asked.at
    if at is None:
        last = state.timeless.last_command_at
        at = business_now if last is None or last < business_now else last + _STEP
    elif context.clock == "system" and at > now:
        raise Invalid("The command lies in the future.", [FieldError("/at", f"is after {now}")])
    elif at < business_now - _LATE and "manager" not in asked.roles:
        raise Forbidden("What is dated more than 31 days back needs the role manager.")
    asking = await _asking_at(session, asked.tenant_id, state, tenant, context, at)
    return replace(
        asking,
        now=business_now,
        by=asked.by,
        channel=asked.channel,
        note=asked.note,
        roles=asked.roles,
        request_hash=asked.request_hash,
    )


async def _asking_at(
    session: Session,
    tenant_id: str,
    state: AccountState,
    tenant: LockedTenant,
    context: Context,
    at: datetime,
) -> Asking:
    """With what holds at an instant."""
    on = local_day(at, state.zone)
    policies: dict[str, Any] = {
        name: (await context.policies.by_day(session, tenant_id, name)).at(on) for name in NAMES
    }
    return Asking(
        at=at,
        on=on,
        begun_on=tenant.begun.on(state.zone) or on,
        now=at,
        segment=await find_segment(session, tenant_id, state.account_id),
        calendar=tenant.settings.calendar,
        policies=policies,
    )


async def find_options(
    session: Session,
    key: AccountKey,
    roles: frozenset[str],
    context: Context,
    *,
    now: datetime,
    for_staff: bool,
) -> tuple[list[Option], int]:
    """What may be asked of an account now, and the account's version. Raises `NotFound`."""
    tenant, account = await find_account(session, *key, context)
    if not account.registered:
        raise NotFound(f"there is no account {key[1]!r}")
    at = recorded_time(tenant, context, now).now
    asking = await _asking_at(session, key[0], account, tenant, context, at)
    found = options(account, replace(asking, roles=roles), for_staff=for_staff)
    heads = await account_store.find_heads(session, [key])
    return found, heads[key].version


def _new_fact(asked: Asked, data: CommandFact, at: datetime) -> NewFact:
    kind = _TYPE_OF[type(data)]
    fact_id = fact_id_of(kind, SOURCE, asked.request_hash, data)
    fact = Fact(kind, fact_id, asked.account_id, SOURCE, f"{kind} {fact_id}", at, at, data)
    assert key_of(asked.tenant_id, fact)
    return NewFact(asked.tenant_id, fact, ORIGIN)


def _accepted(resolved: Resolved) -> Any:
    """The request with what was answered."""
    request = resolved.request
    assert request is not None
    approval = getattr(resolved.facts[0], "approval", None)
    if getattr(resolved.facts[0], "verdict", None) == "declined":
        return request
    return structs.replace(request, answer=approval.role if approval is not None else "accepted")
