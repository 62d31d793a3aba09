"""Accounts computed anew after rules of days that have begun became others."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from msgspec import Struct

from services.ledger.commands.accounts import (
    in_slices,
    lock_accounts,
    remember_updates,
    take_turns,
)
from services.ledger.commands.decisions import events_of, update_of
from services.ledger.commands.tenants import lock_tenants, recorded_time
from services.ledger.commands.terms import terms_of
from services.ledger.context import Context
from services.ledger.domain.restating import restate_in_slices
from services.ledger.domain.rules import Rules
from services.ledger.store import accounts as account_store
from services.ledger.store.accounts import AccountUpdate
from services.ledger.store.failures import put_failure
from services.ledger.store.rejections import Rejection, insert_rejections
from services.ledger.store.runs import Run, list_accounts_after, list_open_revisions
from services.ledger.store.tenants import LockedTenant
from shared.database import Session
from shared.errors import AppError, FieldError
from shared.log import outbox

_REASON_MAX = 500


class RestatedRange(Struct, frozen=True):
    """A range of accounts that was restated."""

    last: str | None  # the last account looked at; None: there are no more
    done: int = 0
    changed: int = 0  # of which something was announced


# Session, context, run, limit of accounts, machine time: the accounts behind the run's cursor.
RestateRange = Callable[[Session, Context, Run, int, datetime], Awaitable[RestatedRange]]


async def restate_range(
    session: Session, context: Context, run: Run, limit: int, now: datetime
) -> RestatedRange:
    """Compute the next accounts by the rates as they were and then as they are, and announce what
    differs."""
    found = await list_accounts_after(session, run.tenant_id, run.cursor, limit)
    if not found:
        return RestatedRange(None)
    keys = [(run.tenant_id, account_id) for account_id in found]
    hold = await take_turns(session, keys, context)
    tenants = await lock_tenants(session, {run.tenant_id}, context, now=now, makes=False)
    heads = await account_store.lock_heads(session, keys)
    terms = await terms_of(session, tenants, context)
    tenant = tenants[run.tenant_id]
    after = await _rules_after(session, context, run, tenant)
    due = {key: head for key, head in heads.items() if head.rates_revision < run.revision}
    locked = await lock_accounts(session, hold, due, terms, context)
    recorded_at = recorded_time(tenant, context, now).now
    updates: list[AccountUpdate] = []
    changed = 0
    for key, account in sorted(locked.items()):
        hold.changing.add(key)
        day = account.state.aged_on or run.from_on
        work = restate_in_slices(account.state, after, run.because, day)
        decision = await in_slices(session, work, key[1])
        updates.append(update_of(key, account, decision, recorded_at))
        outbox.append(session, events_of(key, decision.announcements, recorded_at, {}))
        changed += bool(decision.announcements)
    await account_store.save_updates(session, updates)
    session.after_commit(partial(remember_updates, hold, context, locked, updates))
    return RestatedRange(found[-1], done=len(found), changed=changed)


async def _rules_after(session: Session, context: Context, run: Run, tenant: LockedTenant) -> Rules:
    """The rules with the rates that a run brings: later ones are other runs' to bring."""
    settings = tenant.settings
    later = [
        revision
        for revision in await list_open_revisions(session, run.tenant_id)
        if revision > run.revision
    ]
    if not later:
        return await context.policies.rules(session, settings)
    return await context.policies.rules_before(session, settings, run.revision + 1)


async def set_next_account_aside(
    session: Session, run: Run, error: Exception, *, now: datetime
) -> str | None:
    """Leave the next account out of the run, as it can't be computed; gives which. It is seen under
    rejections and set-aside, and computed again when it changes."""
    found = await list_accounts_after(session, run.tenant_id, run.cursor, 1)
    if not found:
        return None
    detail = error.detail if isinstance(error, AppError) else f"{type(error).__name__}: {error}"
    reason = detail.replace("\x00", "\\0")[:_REASON_MAX]
    (account_id,) = found
    if await put_failure(session, run.tenant_id, account_id, run.from_on, reason, now):
        said = FieldError("", f"left out of run {run.run_id}: {reason}")
        rejection = Rejection(
            tenant_id=run.tenant_id,
            account_id=account_id,
            rejected_at=now,
            origin="restate",
            source=None,
            event_id=None,
            type=None,
            errors=(said,),
        )
        await insert_rejections(session, [rejection])
    return account_id
