"""Where to look for what a figure is made of: accounts and their items, in order of the account.

No index is by day: an item is updated too often. So accounts are gone through by their key, and
only items are read that still added anything when the question's days began, by now or by what was
known at its moment.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.metrics.domain.cures import Fate
from services.metrics.domain.delinquencies import Delinquency, Due
from services.metrics.domain.explained.accounts import KeptAccount
from services.metrics.domain.questions import Question
from services.metrics.domain.slots import FIRST_DAY
from services.metrics.domain.windows import Window
from services.metrics.store import cold
from services.metrics.store.delinquencies import fates_sql, seen_sql
from services.metrics.store.parts import Arguments, conditions
from shared.database import Record, Session


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Which items may add anything: of these kinds, with anything to add on `since` or later, or
    something new known since `before`. `whole`: of an account that has one, all items of these
    kinds are read; None: only the candidates."""

    tenant_id: str
    kinds: Collection[str]
    since: date
    before: int
    whole: Collection[str] | None

    def matches(self, args: Arguments, table: str) -> str:
        """SQL: whether an item is one. Among others, one that adds nothing by itself may be it."""
        kinds = args.name(sorted(self.kinds))
        since, before = args.name(self.since), args.name(self.before)
        ends = f"{table}.ends_on >= {since}::date or {table}.known >= {before}::int"
        if self.whole is not None:
            ends += f" or {table}.ends_on = {args.name(FIRST_DAY)}::date"
        return f"{table}.kind = any({kinds}::text[]) and ({ends})"

    @property
    def read(self) -> Collection[str]:
        """The kinds of items that are read."""
        return self.kinds if self.whole is None else self.whole


async def list_accounts(
    session: Session, wanted: Candidates, after: str, limit: int, *, is_again: bool
) -> list[KeptAccount]:
    """The accounts with any of them after one, with their items; `is_again`: from that one on."""
    args = Arguments()
    tenant = args.name(wanted.tenant_id)
    sign = ">=" if is_again else ">"
    rows = await session.fetch(
        f"""
        select a.account_id, a.content from accounts a
        where a.tenant_id = {tenant} and a.account_id {sign} {args.name(after)} and (
            exists (
                select from items i where i.tenant_id = a.tenant_id
                    and i.account_id = a.account_id and {wanted.matches(args, "i")}
            ) or exists (
                select from items_cold c
                where c.tenant_id = a.tenant_id and c.account_id = a.account_id
            )
        )
        order by a.account_id limit {args.name(limit)}
        """,
        *args,
    )
    return await _with_items(session, wanted, rows)


async def list_named(
    session: Session, tenant_id: str, account_ids: Iterable[str]
) -> list[KeptAccount]:
    """These accounts with all their items."""
    ids = sorted(set(account_ids))
    rows = await session.fetch(
        "select account_id, content from accounts "
        "where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        ids,
    )
    return await _with_items(session, None, rows, tenant_id)


async def _with_items(
    session: Session, wanted: Candidates | None, rows: Sequence[Record], tenant_id: str = ""
) -> list[KeptAccount]:
    ids = [row["account_id"] for row in rows]
    args = Arguments()
    tenant_id = wanted.tenant_id if wanted is not None else tenant_id
    where = f"i.tenant_id = {args.name(tenant_id)} and i.account_id = any({args.name(ids)}::text[])"
    if wanted is not None and wanted.whole is not None:
        where += f" and i.kind = any({args.name(sorted(wanted.whole))}::text[])"
    elif wanted is not None:
        where += f" and {wanted.matches(args, 'i')}"
    items: dict[str, list[tuple[str, str, bytes]]] = {each: [] for each in ids}
    for account_id, kind, item_id, content in await session.fetch(
        f"select account_id, kind, item_id, content from items i where {where}", *args
    ):
        items[account_id].append((kind, item_id, content))
    for account_id, content in await session.fetch(
        "select account_id, content from items_cold "
        "where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        ids,
    ):
        items[account_id] += (
            (each.kind, each.item_id, each.content)
            for each in cold.unpack(content)
            if wanted is None or each.kind in wanted.read
        )
    return [
        KeptAccount(row["account_id"], row["content"], tuple(items[row["account_id"]]))
        for row in rows
    ]


async def count_candidates(session: Session, wanted: Candidates, limit: int) -> int:
    """How many items there are, as far as `limit`; cold ones aside."""
    args = Arguments()
    tenant = args.name(wanted.tenant_id)
    return int(
        await session.fetchval(
            f"""
            select count(*) from (
                select from items i where i.tenant_id = {tenant} and {wanted.matches(args, "i")}
                limit {args.name(limit)}
            ) found
            """,
            *args,
        )
    )


# ── Delinquencies ─────────────────────────────────────────────────────────────────────────────────

AfterSpan = tuple[str, date]  # account, start of the chain

_SPAN = (
    "account_id, chain_on, start_on, end_on, next_on, ended_by, is_untouched, next_issued_on, "
    "dues_from, dues_on, segment, country, kind, arm"
)


def _span(row: Record, experiment: str) -> tuple[str, Delinquency]:
    dues = zip(row["dues_from"], row["dues_on"], strict=True)
    return row["account_id"], Delinquency(
        chain_on=row["chain_on"],
        start_on=row["start_on"],
        end_on=row["end_on"],
        next_on=row["next_on"],
        ended_by=row["ended_by"],
        is_untouched=row["is_untouched"],
        next_issued_on=row["next_issued_on"],
        dues=tuple(Due(*due) for due in dues),
        segment=row["segment"],
        country=row["country"],
        kind=row["kind"],
        arms={experiment: row["arm"]} if row["arm"] else {},
    )


async def list_spans(
    session: Session,
    scope: tuple[str, int],
    question: Question,
    after: AfterSpan,
    limit: int,
) -> list[tuple[str, Delinquency]]:
    """Delinquencies that touch the window of a question, in order after one."""
    args = Arguments()
    seen = seen_sql(scope, question, question.looked_at, args)
    first, last = args.name(question.slices.bounds[0]), args.name(question.slices.to_on)
    account, chain = map(args.name, after)
    rows = await session.fetch(
        f"""
        select {_SPAN} from ({seen}) seen
        where chain_on <= {last}::date and seen_end >= {first}::date
            and (account_id, chain_on) > ({account}, {chain}::date) {conditions(question, args)}
        order by account_id, chain_on limit {args.name(limit)}
        """,
        *args,
    )
    return [_span(row, question.experiment) for row in rows]


async def list_fates_of(
    session: Session,
    scope: tuple[str, int],
    question: Question,
    month: Window,
    after: AfterSpan,
    limit: int,
) -> list[tuple[str, Delinquency, Fate]]:
    """What became of each account that had anything overdue at the end of the month before."""
    args = Arguments()
    source, columns = fates_sql(scope, question, month, args)
    account, chain = map(args.name, after)
    names = ", ".join(f"seen.{name.strip()}" for name in _SPAN.split(","))
    rows = await session.fetch(
        f"""
        select {names}, {columns}
        from {source} and (seen.account_id, seen.chain_on) > ({account}, {chain}::date)
        order by seen.account_id, seen.chain_on limit {args.name(limit)}
        """,
        *args,
    )
    return [
        (
            *_span(row, question.experiment),
            Fate(row["bucket"], row["is_in_month"], row["state"], row["is_untouched"], 1),
        )
        for row in rows
    ]
