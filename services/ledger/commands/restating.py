"""Accounts computed anew after rules of days that have begun became others."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct

from services.ledger.commands.accounts import take_turns
from services.ledger.context import Context
from services.ledger.store import accounts as account_store
from services.ledger.store.failures import put_failure
from services.ledger.store.rejections import Rejection, insert_rejections
from services.ledger.store.runs import Run, list_accounts_after
from shared.database import Session
from shared.errors import AppError, FieldError

_REASON_MAX = 500


class RestatedRange(Struct, frozen=True):
    """A range of accounts that was restated."""

    last: str | None  # the last account looked at; None: there are no more
    done: int = 0
    changed: int = 0  # of which something was announced


# Session, context, run, limit of accounts, machine time: the accounts behind the run's cursor.
RestateRange = Callable[[Session, Context, Run, int, datetime], Awaitable[RestatedRange]]


async def forget_range(
    session: Session, context: Context, run: Run, limit: int, _now: datetime
) -> RestatedRange:
    """Let the next accounts be computed anew, by the rules as they are now, when they are next
    needed."""
    found = await list_accounts_after(session, run.tenant_id, run.cursor, limit)
    if not found:
        return RestatedRange(None)
    keys = [(run.tenant_id, account_id) for account_id in found]
    hold = await take_turns(session, keys, context)
    await account_store.lock_heads(session, keys)
    hold.changing.update(keys)  # what is in memory goes when the turns end
    return RestatedRange(found[-1], done=len(found))


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
