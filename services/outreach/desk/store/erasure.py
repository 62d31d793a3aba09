"""SQL of erasure at the desk."""

from collections.abc import Collection

from shared.database import Session

_STATEMENTS = (
    "delete from notes where tenant_id = $1 and account_id = any($2)",
    "update tasks set note = null, closing_note = null, answer = null"
    " where tenant_id = $1 and account_id = any($2)",
    "update calls set address = null where tenant_id = $1 and account_id = any($2)",
    "update reviews set note = null, recognition = null where tenant_id = $1 and task_id in"
    " (select task_id from tasks where tenant_id = $1 and account_id = any($2))",
    "update approvals set reason = null, command = null"
    " where tenant_id = $1 and account_id = any($2) and state <> 'pending'",
)


async def erase_personal(session: Session, tenant: str, accounts: Collection[str]) -> None:
    for statement in _STATEMENTS:
        await session.execute(statement, tenant, sorted(accounts))
