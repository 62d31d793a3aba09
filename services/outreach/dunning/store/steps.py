"""SQL of steps: what each subject has behind it, and how the contacts that made it stand.

A step is made at most once, by its ladder day, whichever strategy and version it comes from. One
that failed and has a channel left is `open`: free for the next contact, which will not take the
channels that were tried.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from services.outreach.activity.domain.contacts import DebtorContact, Item
from services.outreach.debtors.store.rows import columns
from services.outreach.dunning.domain.debtor_facts import StepMade, SubjectKey
from shared.clock import local_day
from shared.database import Session

NO_DAY = date(1900, 1, 1)  # of what is answered: its day may move, and it is answered once


def _key(item: Item) -> tuple[str, str, str, date, str, int]:
    anchor_on = item.anchor_on if item.is_ladder else NO_DAY
    return (item.account_id, item.subject, item.subject_id, anchor_on, item.reaction, item.n)


async def insert_steps(
    session: Session, tenant: str, contacts: Sequence[DebtorContact], at: datetime
) -> set[str]:
    """The steps that these contacts make, in the state of the contact; gives the ids of contacts of
    which all were free, or theirs already."""
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for contact in contacts:
        day = local_day(at, contact.zone)
        for item in contact.items:
            row = (item.step, item.strategy, item.version, day, contact.state, contact.contact_id)
            rows.setdefault(_key(item), row)  # of two that want the same, the first has it
    if not rows:
        return set()
    taken = await session.fetch(
        """
        insert into steps (tenant_id, account_id, subject, subject_id, anchor_on, reaction, n, step,
                           strategy, version, made_on, state, contact_id)
        select $1, k.* from unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::text[],
                                   $7::int[], $8::text[], $9::text[], $10::text[], $11::date[],
                                   $12::text[], $13::text[]) as k
        on conflict (tenant_id, account_id, subject, subject_id, anchor_on, reaction, n)
        do update set step = excluded.step, strategy = excluded.strategy,
          version = excluded.version, state = excluded.state, contact_id = excluded.contact_id,
          made_on = case when steps.contact_id = excluded.contact_id and steps.state <> 'open'
                    then steps.made_on else excluded.made_on end
        where steps.state = 'open' or steps.contact_id = excluded.contact_id
        returning contact_id
        """,
        tenant,
        *columns(sorted((*key, *row) for key, row in rows.items()), 12),
    )
    made: dict[str, int] = {}
    for row_ in taken:
        made[row_["contact_id"]] = made.get(row_["contact_id"], 0) + 1
    return {c.contact_id for c in contacts if made.get(c.contact_id) == len(c.items)}


async def delete_steps(session: Session, tenant: str, contact_ids: Collection[str]) -> None:
    """The contacts were not made after all: their steps can be made by others. What was tried
    before stays known."""
    if not contact_ids:
        return
    ids = sorted(contact_ids)
    await session.execute(
        """
        update steps set state = 'open'
        where tenant_id = $1 and contact_id = any($2) and tried <> '{}'
        """,
        tenant,
        ids,
    )
    await session.execute(
        "delete from steps where tenant_id = $1 and contact_id = any($2) and tried = '{}'",
        tenant,
        ids,
    )


async def set_step_states(session: Session, tenant: str, states: Mapping[str, str]) -> None:
    """How contacts stand now (sent, delivered, uncertain …), by contact."""
    if not states:
        return
    await session.execute(
        """
        update steps s set state = k.state
        from unnest($2::text[], $3::text[]) as k (contact_id, state)
        where s.tenant_id = $1 and s.contact_id = k.contact_id
        """,
        tenant,
        list(states),
        list(states.values()),
    )


async def fail_steps(session: Session, tenant: str, contacts: Sequence[DebtorContact]) -> set[str]:
    """The contacts have not arrived: their steps are free for the next channel, where there is one
    left. Gives the ids of contacts whose steps are free."""
    rows = sorted(
        (*_key(item), item.channels, contact.channel, contact.contact_id)
        for contact in contacts
        for item in contact.items
    )
    freed: set[str] = set()
    for account_id, subject, subject_id, anchor_on, reaction, n, channels, channel, id_ in rows:
        state = await session.fetchval(
            """
            update steps set tried = tried || $8::text,
              state = case when $9::text[] <@ (tried || $8::text) then 'failed' else 'open' end
            where tenant_id = $1 and account_id = $2 and subject = $3 and subject_id = $4
              and anchor_on = $5 and reaction = $6 and n = $7 and contact_id = $10
            returning state
            """,
            tenant,
            account_id,
            subject,
            subject_id,
            anchor_on,
            reaction,
            n,
            channel,
            list(channels),
            id_,
        )
        if state == "open":
            freed.add(id_)
    return freed


async def find_steps(
    session: Session, tenant: str, account_ids: Collection[str], *, with_closed: bool = False
) -> dict[str, dict[SubjectKey, tuple[StepMade, ...]]]:
    """By account: the steps of open invoices (`with_closed`: of all), and of what was answered."""
    rows = await session.fetch(
        """
        select s.account_id, s.subject, s.subject_id, s.anchor_on, s.reaction, s.n, s.step,
               s.made_on, s.state, s.tried
        from steps s
        where s.tenant_id = $1 and s.account_id = any($2)
          and (s.reaction <> '' or $3 or exists (
            select from invoices i where i.tenant_id = s.tenant_id
              and i.account_id = s.account_id and i.invoice_id = s.subject_id
              and i.state = 'open'))
        order by s.account_id, s.subject, s.subject_id, s.anchor_on, s.reaction, s.n
        """,
        tenant,
        sorted(account_ids),
        with_closed,
    )
    found: dict[str, dict[SubjectKey, list[StepMade]]] = {}
    for row in rows:
        anchor_on = row["anchor_on"] if not row["reaction"] else None
        key: SubjectKey = (
            row["account_id"], row["subject"], row["subject_id"], anchor_on, row["reaction"],
        )  # fmt: skip
        step = StepMade(row["n"], row["step"], row["made_on"], row["state"], tuple(row["tried"]))
        found.setdefault(row["account_id"], {}).setdefault(key, []).append(step)
    return {
        account_id: {key: tuple(steps) for key, steps in by_key.items()}
        for account_id, by_key in found.items()
    }


async def find_asked(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[str, date]:
    """By account the day of the last message about something overdue that may have arrived."""
    rows = await session.fetch(
        """
        select account_id, max(made_on) as made_on from steps
        where tenant_id = $1 and account_id = any($2) and subject = 'invoice' and reaction = ''
          and n > 0 and state in ('sent', 'delivered', 'uncertain')
        group by account_id
        """,
        tenant,
        sorted(account_ids),
    )
    return {row["account_id"]: row["made_on"] for row in rows}
