"""Where to look for what a figure is made of: accounts and their items, in order of the account.

No index is by day: an item is updated too often. So accounts are gone through by their key, and
only items are read that still added anything when the question's days began, by now or by what was
known at its moment.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.metrics.domain.cures import Fate
from services.metrics.domain.delinquencies import Delinquency, Due
from services.metrics.domain.explained.accounts import KeptAccount
from services.metrics.domain.kinds.registry import KINDS
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


class Found(NamedTuple):
    """Accounts with candidates, in order. `until`: the last looked at; None: there are no more."""

    accounts: list[KeptAccount]
    until: str | None


async def list_accounts(
    session: Session, wanted: Candidates, after: str, size: int, *, is_again: bool
) -> Found:
    """The accounts after one with some `size` candidates, whole accounts only; `is_again`: from
    that one on. The index gives them in their order, so that no more is read than that."""
    beyond = f"account_id {'>=' if is_again else '>'}"
    found, until = await _next_items(session, wanted, beyond, after, size)
    cold_rows, until = await _next_cold(session, wanted, beyond, after, until)
    ids = sorted({row[0] for row in found} | set(cold_rows))
    if until is not None:
        ids = [each for each in ids if each <= until]
    if wanted.whole is not None:
        found = await _items_of(session, wanted, ids)
    items: dict[str, list[tuple[str, str, bytes]]] = {each: [] for each in ids}
    for account_id, *item in found:
        if account_id in items:
            items[account_id].append(tuple(item))
    for account_id in ids:
        if account_id in cold_rows:
            items[account_id] += _thawed(cold_rows[account_id], wanted.read)
    return Found(await _kept(session, wanted.tenant_id, items), until)


async def _next_items(
    session: Session, wanted: Candidates, beyond: str, after: str, size: int
) -> tuple[list[Record], str | None]:
    """Candidates of whole accounts, and the last of these; None: there are no more."""
    args = Arguments()
    where = (
        f"i.tenant_id = {args.name(wanted.tenant_id)} and i.{beyond} {args.name(after)} "
        f"and {wanted.matches(args, 'i')}"
    )
    rows = await session.fetch(
        f"select account_id, kind, item_id, content from items i where {where} "
        f"order by account_id limit {args.name(size)}",
        *args,
    )
    if len(rows) < size:
        return rows, None
    first, last = rows[0][0], rows[-1][0]
    if first == last:
        return await _items_of(session, wanted, [first]), first
    rows = [row for row in rows if row[0] != last]
    return rows, rows[-1][0]


async def _next_cold(
    session: Session, wanted: Candidates, beyond: str, after: str, until: str | None
) -> tuple[dict[str, bytes], str | None]:
    """What is cold of accounts as far as `until`; of too many, as far as it goes."""
    rows = await session.fetch(
        f"""
        select account_id, content from items_cold
        where tenant_id = $1 and {beyond} $2 and ($3::text is null or account_id <= $3)
        order by account_id limit $4
        """,
        wanted.tenant_id,
        after,
        until,
        _COLD_MAX,
    )
    if len(rows) == _COLD_MAX:
        until = rows[-1]["account_id"]
    return {row["account_id"]: row["content"] for row in rows}, until


_COLD_MAX = 200  # accounts at a time


async def _items_of(session: Session, wanted: Candidates, ids: Sequence[str]) -> list[Record]:
    """The items of some accounts that are read."""
    args = Arguments()
    where = f"i.tenant_id = {args.name(wanted.tenant_id)} "
    where += f"and i.account_id = any({args.name(list(ids))}::text[])"
    if wanted.whole is not None:
        where += f" and i.kind = any({args.name(sorted(wanted.whole))}::text[])"
    else:
        where += f" and {wanted.matches(args, 'i')}"
    return await session.fetch(
        f"select account_id, kind, item_id, content from items i where {where}", *args
    )


def _thawed(content: bytes, kinds: Collection[str]) -> list[tuple[str, str, bytes]]:
    return [
        (each.kind, each.item_id, each.content)
        for each in cold.unpack(content)
        if each.kind in kinds
    ]


async def _kept(
    session: Session, tenant_id: str, items: Mapping[str, Sequence[tuple[str, str, bytes]]]
) -> list[KeptAccount]:
    rows = await session.fetch(
        "select account_id, content from accounts "
        "where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(items),
    )
    content = {row["account_id"]: row["content"] for row in rows}
    return [KeptAccount(each, content.get(each), tuple(found)) for each, found in items.items()]


async def list_named(
    session: Session, tenant_id: str, account_ids: Iterable[str]
) -> list[KeptAccount]:
    """These accounts with all their items."""
    ids = sorted(set(account_ids))
    items: dict[str, list[tuple[str, str, bytes]]] = {each: [] for each in ids}
    for account_id, kind, item_id, content in await session.fetch(
        "select account_id, kind, item_id, content from items "
        "where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        ids,
    ):
        items[account_id].append((kind, item_id, content))
    for account_id, content in await session.fetch(
        "select account_id, content from items_cold "
        "where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        ids,
    ):
        items[account_id] += _thawed(content, KINDS)
    return await _kept(session, tenant_id, items)


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
