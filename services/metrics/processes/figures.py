"""Questions answered from one snapshot of the figures, closed before anything is computed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.metrics.domain.answers import Figured
from services.metrics.domain.figures import Row
from services.metrics.domain.plans.targets import targets_of
from services.metrics.domain.questions import Question
from services.metrics.domain.slots import UNTIL_NOW, slot_of_day, slot_start
from services.metrics.domain.targets import Target
from services.metrics.store import figures as store
from services.metrics.store.figures import Tenant
from services.metrics.store.plans import list_plans
from services.metrics.store.rates import find_rates
from services.metrics.store.targets import list_targets
from shared import clock
from shared.database import Database, Session
from shared.errors import AppError, FieldError, Invalid

FIGURES_MAX = 50_000

# A question is made when the tenant is known: which days are asked for depends on it.
Asker = Callable[[Tenant | None], Question]
IsKnown = Callable[[Tenant | None], bool]


@dataclass(frozen=True)
class Snapshot:
    """What was found in one snapshot: each question, or why it cannot be answered. `is_known`: the
    asker has the answers, so nothing was read."""

    tenant: Tenant | None
    found: Sequence[Figured | AppError] = ()
    is_known: bool = False

    @property
    def figured(self) -> list[Figured]:
        """Of every question. Raises why one cannot be answered."""
        for each in self.found:
            if isinstance(each, AppError):
                raise each
        return [each for each in self.found if isinstance(each, Figured)]


async def ask(
    db: Database,
    tenant_id: str,
    askers: Sequence[Asker],
    is_known: IsKnown = lambda _: False,
) -> Snapshot:
    """The questions with all that their answers are made of, unless the asker knows them."""
    async with db.reading() as session:
        tenant = await store.find_tenant(session, tenant_id)
        questions = [_made(asker, tenant) for asker in askers]
        if is_known(tenant) and not all(isinstance(each, AppError) for each in questions):
            return Snapshot(tenant, is_known=True)
        reader = _Reader(session, tenant_id, tenant)
        return Snapshot(tenant, [await reader.read(question) for question in questions])


def _made(asker: Asker, tenant: Tenant | None) -> Question | AppError:
    try:
        return asker(tenant)
    except AppError as error:
        return error


class _Reader:
    """Reads for several questions of one tenant, in one snapshot."""

    def __init__(self, session: Session, tenant_id: str, tenant: Tenant | None) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._tenant = tenant
        self._size = 0
        self._targets: Mapping[str, Sequence[Target]] | None = None

    async def read(self, question: Question | AppError) -> Figured | AppError:
        if isinstance(question, AppError):
            return question
        figured = await self._figured(question)
        if self._size + figured.size > FIGURES_MAX:
            return _too_many_figures(question)
        self._size += figured.size
        return figured

    async def _figured(self, question: Question) -> Figured:
        before = recorded_before(question, self._tenant)
        figured = await read_figured(self._session, self._tenant_id, question, before)
        compared = figured.question.compared and await self._figured(figured.question.compared)
        rows = (compared.rows,) if compared else ()
        currencies = currencies_of(figured.currencies, *rows)
        return replace(
            figured,
            currencies=currencies,
            compared=replace(compared, currencies=currencies) if compared else None,
            targets=await self._targets_of(question.kpi.name),
        )

    async def _targets_of(self, kpi: str) -> Sequence[Target]:
        """Objectives of running plans come before the tenant's own targets."""
        if self._targets is None:
            found = await list_targets(self._session, self._tenant_id)
            running = await list_plans(self._session, self._tenant_id, states=["running"])
            for plan in running:
                for name, target in targets_of(plan):
                    found.setdefault(name, []).append(target)
            self._targets = found
        return self._targets.get(kpi, ())


async def read_figured(
    session: Session, tenant_id: str, question: Question, before: int
) -> Figured:
    """A question with what its figures are made of, by what was recorded before a moment."""
    currencies = await store.list_currencies(session, tenant_id, before)
    question = await _complete(session, tenant_id, question, before)
    rows = await store.list_rows(session, tenant_id, question, question.currency, before)
    return Figured(question, rows, currencies_of(currencies, rows))


def currencies_of(currencies: Sequence[str], *found: Iterable[Row]) -> list[str]:
    """Those that a tenant has figures in, and those in which it only spent something."""
    spent = {row.key.currency for rows in found for row in rows if row.key.currency}
    return sorted(spent.union(currencies))


async def _complete(session: Session, tenant_id: str, question: Question, before: int) -> Question:
    """With what its days depend on: first invoices, and rates."""
    if question.kpi.over == "trailing":
        days = await store.list_first_days(session, tenant_id, before)
        if question.into and days:
            days[""] = min(days.values())
        question = replace(question, begins_on=days)
    if question.is_converted and question.into:
        rates = await find_rates(session, tenant_id, question.into, before)
        question = replace(question, rates=rates)
    return question


def recorded_before(question: Question, tenant: Tenant | None) -> int:
    """The moment of knowledge that an answer may not reach."""
    return slot_before(question.as_of, tenant)


def slot_before(as_of: date | None, tenant: Tenant | None) -> int:
    """What was recorded before this moment was known at the end of a tenant's day."""
    return before_end_of(as_of, tenant.timezone if tenant else "UTC")


def before_end_of(known_on: date | None, zone: str) -> int:
    """The moment of knowledge that ends a day; None: now."""
    if known_on is None:
        return UNTIL_NOW
    return slot_of_day(known_on + clock.ONE_DAY, zone)


def business_day(tenant: Tenant | None) -> date:
    """The tenant's calendar day as its newest event has it; with none yet, the machine's."""
    if tenant is None or tenant.latest_slot == 0:
        return clock.now().date()
    instant = slot_start(tenant.latest_slot)
    return clock.local_day(instant, tenant.timezone)


def _too_many_figures(question: Question) -> Invalid:
    """Parts × groups, of all KPIs together, are too many."""
    pointer = "/query/group_by" if question.group_by else "/query/interval"
    detail = f"would make more than {FIGURES_MAX:,} figures: ask for fewer parts or groups"
    return Invalid("The answer would be too large.", [FieldError(pointer, detail)])
