"""What a figure is made of, page by page: from one snapshot each, by one moment of knowledge.

The first page says by which moment it was answered, and its cursor carries that, so that what is
recorded later is on no page. What was recorded before it may still arrive late: then the pages
would no longer add up, and the asker is told so (409) and begins again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from services.metrics.domain.explained.accounts import Adds, KeptAccount, adds_of
from services.metrics.domain.explained.lines import Writing, lines_of
from services.metrics.domain.kpis.kpi import Number, Part, PartUnit
from services.metrics.domain.questions import Question
from services.metrics.domain.slots import UNTIL_NOW
from services.metrics.processes.figures import Asker, IsKnown, recorded_before
from services.metrics.processes.made_of import Making, Source
from services.metrics.store import explained as store
from services.metrics.store.figures import Tenant, find_tenant
from shared.database import Database, Session
from shared.errors import Conflict, FieldError, Invalid
from shared.process.compute import ComputePool

Order = Literal["account", "contribution"]

CONTRIBUTION_MAX = 20_000  # candidates that may be put in order of what they add
SCANNED_PER_PAGE = 2_000  # candidates: a page may have fewer things than asked for
CSV_MAX = 50_000  # things of one table
CSV_SCANNED_MAX = 400_000
ITEMS_HERE_MAX = 500  # of more the work is done in another process
_READ_FIRST, _READ_MOST = 250, 2_000  # candidates read at a time


class FiguresMoved(Conflict):
    title = "The figure has changed since the first page"


class Mark(NamedTuple):
    """Where a page ends, and by what it was answered. `kind` empty: after the whole account."""

    order: str
    account_id: str
    kind: str
    item_id: str
    offset: int
    before: int
    revision: int
    sum: str  # what the things so far come to
    total: str


@dataclass(frozen=True)
class Asked:
    """`mark`: of the page before."""

    part: Part
    order: Order
    limit: int
    mark: Mark | None = None


@dataclass
class Page:
    """What is answered. `tenant`: as of the first page. `is_known`: the asker has it."""

    tenant: Tenant | None
    question: Question | None = None
    head: dict[str, Any] = field(default_factory=dict)
    unit: PartUnit = "count"
    total: int | float | None = None
    items: list[dict[str, Any]] = field(default_factory=list)
    next: Mark | None = None
    is_known: bool = False


class _Pages:
    """Reads the pages of one question in one snapshot."""

    def __init__(
        self, session: Session, pool: ComputePool, tenant_id: str, source: Source, before: int
    ) -> None:
        self._session = session
        self._pool = pool
        self._tenant_id = tenant_id
        self._source = source
        self._before = before

    async def in_order(
        self, after: tuple[str, str, str], limit: int, scanned_max: int
    ) -> tuple[list[Adds], tuple[str, str, str] | None]:
        """Things after a place, `limit` at most, and where the next page begins; None: it ends."""
        found: list[Adds] = []
        scanned, size = 0, _READ_FIRST
        place = after
        while True:
            batch = await self._source.read(self._session, place, size)
            adds = await self._adds_of(batch.accounts) if batch.accounts else list(batch.adds)
            found += [each for each in adds if _is_after(each, place)]
            if len(found) > limit:
                found = found[:limit]
                return found, found[-1].place
            if batch.until is None:
                return found, None
            place, scanned = batch.until, scanned + batch.scanned
            if scanned >= scanned_max:
                return found, place
            size = min(size * 2, _READ_MOST)

    async def largest_first(self) -> list[Adds]:
        """All of them. Raises `Invalid` where there are too many to look at."""
        if await self._source.count(self._session, CONTRIBUTION_MAX + 1) > CONTRIBUTION_MAX:
            raise _too_many("/query/order", CONTRIBUTION_MAX)
        found: list[Adds] = []
        place: tuple[str, str, str] | None = ("", "", "")
        scanned = 0
        while place is not None:
            batch = await self._source.read(self._session, place, _READ_MOST)
            found += await self._adds_of(batch.accounts) if batch.accounts else batch.adds
            place, scanned = batch.until, scanned + batch.scanned
            if scanned > CONTRIBUTION_MAX:
                raise _too_many("/query/order", CONTRIBUTION_MAX)
        return sorted(found, key=lambda each: (-each.amount, each.place))

    async def _adds_of(self, accounts: Sequence[KeptAccount]) -> list[Adds]:
        adding = self._source.adding
        assert adding is not None, "only what is made of cells is read as accounts"
        if sum(len(each.items) for each in accounts) <= ITEMS_HERE_MAX:
            return adds_of(accounts, adding, self._before)
        return await self._pool.run(self._tenant_id, adds_of, accounts, adding, self._before)

    async def lines(self, adds: Sequence[Adds]) -> list[dict[str, Any]]:
        """With their facts."""
        accounts = await store.list_named(
            self._session, self._tenant_id, (each.account_id for each in adds)
        )
        more = (self._source.adding, self._before, self._source.facts_of)
        if sum(len(each.items) for each in accounts) <= ITEMS_HERE_MAX:
            return lines_of(accounts, adds, *more)
        return await self._pool.run(self._tenant_id, lines_of, accounts, adds, *more)


def _is_after(adds: Adds, place: tuple[str, str, str]) -> bool:
    account_id, *key = place
    if adds.account_id != account_id or not key[0]:
        return True
    return [adds.kind, adds.item_id] > key


def _too_many(pointer: str, most: int) -> Invalid:
    detail = f"needs a look at more than {most:,} things: narrow it, by days or by a filter"
    return Invalid("There is too much to look at.", [FieldError(pointer, detail)])


@dataclass(frozen=True)
class Opened:
    """A question in a snapshot, by a moment of knowledge. `now`: the moment for the next pages."""

    session: Session
    tenant: Tenant | None
    making: Making
    before: int
    now: int


Make = Callable[[Session, str, Question, Part, int], Awaitable[Making]]


async def open_question(
    session: Session, tenant_id: str, asker: Asker, asked: Asked, make: Make, tenant: Tenant | None
) -> Opened:
    """By the cursor's moment of knowledge, if there is one. Raises `FiguresMoved`."""
    mark = asked.mark
    now = tenant.latest_slot + 1 if tenant is not None else UNTIL_NOW
    is_moved = mark is not None and tenant is not None and tenant.revision != mark.revision
    if mark is not None and tenant is not None:
        tenant = tenant._replace(latest_slot=mark.before - 1, revision=mark.revision)
        now = mark.before
    question = asker(tenant)
    before = recorded_before(question, tenant)
    if is_moved:
        before = min(before, now)
    making = await make(session, tenant_id, question, asked.part, before)
    if mark is not None and (
        making.total is None or Fraction(making.total) != Fraction(mark.total)
    ):
        raise FiguresMoved(
            "What was recorded before the first page was answered has come in since. "
            "Ask for the first page again, or give `as_of`."
        )
    return Opened(session, tenant, making, before, now)


async def explain(
    db: Database,
    pool: ComputePool,
    tenant_id: str,
    asker: Asker,
    asked: Asked,
    make: Make,
    is_known: IsKnown = lambda _: False,
) -> Page:
    """One page."""
    async with db.reading() as session:
        tenant = await find_tenant(session, tenant_id)
        if is_known(tenant):
            asker(tenant)
            return Page(tenant, is_known=True)
        opened = await open_question(session, tenant_id, asker, asked, make, tenant)
        page = _page_of(opened)
        making = opened.making
        if making.total is None:
            return page
        pages = _Pages(session, pool, tenant_id, making.source, opened.before)
        so_far = Fraction(asked.mark.sum) if asked.mark else Fraction(0)
        if asked.order == "contribution":
            offset = asked.mark.offset if asked.mark else 0
            all_adds = await pages.largest_first()
            adds, place = all_adds[offset : offset + asked.limit], ("", "", "")
            is_last, offset = offset + asked.limit >= len(all_adds), offset + len(adds)
        else:
            start = asked.mark[1:4] if asked.mark else ("", "", "")
            adds, ends = await pages.in_order(start, asked.limit, SCANNED_PER_PAGE)
            is_last, place, offset = ends is None, ends or ("", "", ""), 0
        page.items = _written(await pages.lines(adds), adds, making.writing, so_far)
        so_far += sum((each.amount for each in adds), Fraction(0))
        if not is_last:
            revision = opened.tenant.revision if opened.tenant else 0
            total = str(Fraction(making.total))
            page.next = Mark(asked.order, *place, offset, opened.now, revision, str(so_far), total)
        elif so_far != making.total:
            raise FiguresMoved(
                "Some of it changed while it was read. Ask for the first page again."
            )
        return page


async def explain_all(
    db: Database, pool: ComputePool, tenant_id: str, asker: Asker, part: Part, make: Make
) -> Page:
    """All of it from one snapshot, in order of the account. Raises `Invalid` if it is too much."""
    asked = Asked(part, "account", CSV_MAX)
    async with db.reading() as session:
        tenant = await find_tenant(session, tenant_id)
        opened = await open_question(session, tenant_id, asker, asked, make, tenant)
        page = _page_of(opened)
        if opened.making.total is None:
            return page
        pages = _Pages(session, pool, tenant_id, opened.making.source, opened.before)
        adds, ends = await pages.in_order(("", "", ""), CSV_MAX, CSV_SCANNED_MAX)
        if ends is not None:
            raise _too_many("/query/format", len(adds) if len(adds) == CSV_MAX else CSV_SCANNED_MAX)
        so_far: Number = 0
        for start in range(0, len(adds), _LINES_AT_A_TIME):
            some = adds[start : start + _LINES_AT_A_TIME]
            page.items += _written(await pages.lines(some), some, opened.making.writing, so_far)
            so_far += sum((each.amount for each in some), Fraction(0))
        return page


_LINES_AT_A_TIME = 500


def _page_of(opened: Opened) -> Page:
    making = opened.making
    total = None if making.total is None else making.writing.total(making.total)
    return Page(opened.tenant, making.question, dict(making.head), making.unit, total)


def _written(
    lines: Sequence[dict[str, Any]], adds: Sequence[Adds], writing: Writing, before: Number
) -> list[dict[str, Any]]:
    amounts = writing.amounts(adds, before)
    return [{**line, "amount": amount} for line, amount in zip(lines, amounts, strict=True)]
