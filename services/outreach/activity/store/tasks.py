"""SQL of tasks as they are opened and taken back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.outreach.activity.domain.tasks import NewTask
from shared.database import Record, Session

_CALLBACK, _ESCALATED = 2, 1  # parts of a task's urgency


@dataclass(frozen=True)
class TaskAccount:
    """What a task takes over from its account and case."""

    zone: str | None
    debtor_id: str | None
    priority: int
    owner: str | None
    is_escalated: bool


@dataclass(frozen=True)
class TaskRow:
    task_id: str
    task: NewTask
    case_id: str
    about: TaskAccount
    recorded_at: datetime

    @property
    def opened_at(self) -> datetime:
        return self.task.opened_at or self.recorded_at

    @property
    def debtor_id(self) -> str | None:
        return self.task.debtor_id or self.about.debtor_id

    @property
    def is_escalated(self) -> bool:
        return self.task.escalated or self.about.is_escalated


def urgency(kind: str, *, is_escalated: bool) -> int:
    """Callbacks first, then what is escalated."""
    return _CALLBACK * (kind == "callback") + _ESCALATED * is_escalated


async def find_task_ids(session: Session, tenant: str, ids: Iterable[str]) -> set[str]:
    rows = await session.fetch(
        "select task_id from tasks where tenant_id = $1 and task_id = any($2)", tenant, sorted(ids)
    )
    return {row["task_id"] for row in rows}


async def find_queue_skills(
    session: Session, tenant: str, queues: Collection[str]
) -> dict[str, str]:
    """Which certificate the tasks of a queue need, where they need any."""
    rows = await session.fetch(
        "select queue, skill from queues where tenant_id = $1 and queue = any($2)",
        tenant,
        sorted(queues),
    )
    return {row["queue"]: row["skill"] for row in rows}


async def find_accounts_of_tasks(
    session: Session, tenant: str, accounts: Collection[str]
) -> dict[str, TaskAccount]:
    """Of each of these accounts, whether it is known yet or not."""
    rows = await session.fetch(
        """
        select k.account_id, a.timezone, a.debtor_id, coalesce(p.priority, 0) as priority,
               c.owner, coalesce(c.is_escalated, false) as is_escalated
        from unnest($2::text[]) as k (account_id)
        left join accounts a on a.tenant_id = $1 and a.account_id = k.account_id
        left join priorities p on p.tenant_id = $1 and p.account_id = k.account_id
        left join cases c
          on c.tenant_id = $1 and c.account_id = k.account_id and c.state = 'open'
        """,
        tenant,
        sorted(accounts),
    )
    return {
        row["account_id"]: TaskAccount(
            row["timezone"], row["debtor_id"], row["priority"], row["owner"], row["is_escalated"]
        )
        for row in rows
    }


async def insert_tasks(session: Session, tenant: str, rows: Sequence[TaskRow]) -> set[str]:
    """Gives the ids that are new: another one may have opened a task just now."""
    columns = [
        (
            row.task_id,
            row.case_id,
            row.task.account_id,
            row.debtor_id,
            row.task.kind,
            row.task.cause,
            row.task.queue,
            row.task.skill or "",
            row.task.due_at,
            urgency(row.task.kind, is_escalated=row.is_escalated),
            row.about.priority,
            row.about.owner,
            row.is_escalated,
            row.task.attempt,
            row.opened_at,
            row.task.contact_id,
            row.task.strategy,
            row.task.strategy_version,
            row.task.step,
            row.task.script,
            row.task.due_on,
            "\x1f".join(row.task.invoice_ids),
            row.task.note,
        )
        for row in sorted(rows, key=lambda row: row.task_id)
    ]
    written = await session.fetch(
        """
        insert into tasks (tenant_id, task_id, case_id, account_id, debtor_id, kind, cause, queue,
          skill, state, due_at, ready_at, urgency, priority, owner, is_escalated, attempt,
          opened_at, contact_id, strategy, strategy_version, step, script, due_on, invoice_ids,
          note)
        select $1, task_id, case_id, account_id, debtor_id, kind, cause, queue, skill, 'open',
          due_at, due_at, urgency, priority, owner, is_escalated, attempt, opened_at, contact_id,
          strategy, strategy_version, step, script, due_on,
          coalesce(string_to_array(nullif(invoice_ids, ''), chr(31)), '{}'), note
        from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::timestamptz[], $11::int[], $12::int[], $13::text[],
            $14::bool[], $15::int[], $16::timestamptz[], $17::text[], $18::text[], $19::text[],
            $20::text[], $21::text[], $22::date[], $23::text[], $24::text[])
          as k (task_id, case_id, account_id, debtor_id, kind, cause, queue, skill, due_at,
            urgency, priority, owner, is_escalated, attempt, opened_at, contact_id, strategy,
            strategy_version, step, script, due_on, invoice_ids, note)
        on conflict do nothing
        returning task_id
        """,
        tenant,
        *[list(column) for column in zip(*columns, strict=True)],
    )
    return {row["task_id"] for row in written}


async def escalate_tasks(session: Session, tenant: str, cause: str) -> None:
    """Those of a cause that are still to be done come before others."""
    await session.execute(
        """
        update tasks set is_escalated = true,
          urgency = (case when kind = 'callback' then $3 else 0 end) + $4
        where tenant_id = $1 and task_id in (
          select task_id from tasks
          where tenant_id = $1 and cause = $2 and state in ('open', 'claimed') and not is_escalated
          order by task_id for update)
        """,
        tenant,
        cause,
        _CALLBACK,
        _ESCALATED,
    )


async def is_any_task(session: Session, tenant: str, cause: str) -> bool:
    """Whether a task was ever opened for it."""
    found: bool = await session.fetchval(
        "select exists (select from tasks where tenant_id = $1 and cause = $2)", tenant, cause
    )
    return found


async def cancel_tasks(
    session: Session,
    tenant: str,
    because: str,
    at: datetime,
    accounts: Collection[str] | None,
    causes: Collection[str] | None,
    contact_ids: Collection[str] | None,
    kinds: Collection[str] | None,
) -> list[Record]:
    return await session.fetch(
        """
        update tasks set state = 'cancelled', because = $2, closed_at = $3, lease_until = null
        where tenant_id = $1 and (state = 'open' or (state = 'claimed' and completion is null))
          and ($4::text[] is null or account_id = any($4))
          and ($5::text[] is null or cause = any($5))
          and ($6::text[] is null or contact_id = any($6))
          and ($7::text[] is null or kind = any($7))
        returning task_id, account_id, kind, queue, case_id
        """,
        tenant,
        because,
        at,
        *[
            None if each is None else sorted(each)
            for each in (accounts, causes, contact_ids, kinds)
        ],
    )
