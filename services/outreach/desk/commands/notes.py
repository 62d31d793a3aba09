"""Notes, which never leave outreach, and who looked at personal data."""

from typing import Any

from services.outreach.activity.commands import account_now
from services.outreach.activity.store.accounts import get_known_account, lock_debtor_of
from services.outreach.activity.store.cases import find_open_cases
from services.outreach.activity.store.personal_reads import insert_read
from services.outreach.desk.store import people
from shared import clock
from shared.business_time import Clock
from shared.database import Session


async def write_note(
    session: Session, tenant: str, account_id: str, author: str, note: str, clock_mode: Clock
) -> dict[str, Any]:
    """Raises `NotFound` for an unknown account, `Conflict` for an erased one."""
    await lock_debtor_of(session, tenant, account_id)
    at = await account_now(session, clock_mode, tenant, account_id)
    case_id = (await find_open_cases(session, tenant, {account_id})).get(account_id)
    await people.insert_note(session, tenant, account_id, at, author, note, case_id=case_id)
    return {
        "account_id": account_id, "at": at, "author": author, "note": note, "case_id": case_id,
        "task_id": None,
    }  # fmt: skip


async def keep_read(session: Session, tenant: str, account_id: str, reader: str, what: str) -> None:
    """Raises `NotFound` for an unknown account."""
    await get_known_account(session, tenant, account_id)
    await insert_read(session, tenant, account_id, clock.now(), reader, what)


def note_view(row: Any) -> dict[str, Any]:
    names = ("account_id", "at", "author", "note", "case_id", "task_id")
    return {name: row[name] for name in names}
