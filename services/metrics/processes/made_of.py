"""What is explained, and where its things are read: of a KPI, a matrix, a cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple, Protocol

from services.metrics.domain.answers import Figured
from services.metrics.domain.explained import spans
from services.metrics.domain.explained.accounts import (
    Adds,
    KeptAccount,
    candidates_of,
    kinds_of,
    needs_whole_accounts,
)
from services.metrics.domain.explained.adding import (
    Adding,
    AddingToKpi,
    AddingToRolls,
    AddingToVintage,
    adding_to,
    is_mixed,
    plain,
    value_in_matrix,
    value_of_vintage,
)
from services.metrics.domain.explained.lines import Writing
from services.metrics.domain.kpis.kpi import Number, Part, PartUnit
from services.metrics.domain.questions import Question
from services.metrics.domain.rolls import matrix, months_of
from services.metrics.domain.slots import FIRST_DAY
from services.metrics.domain.vintages import Months, Vintage, vintages
from services.metrics.domain.windows import ONE_DAY, Window, month_end
from services.metrics.processes.books import only_currency
from services.metrics.processes.figures import read_figured
from services.metrics.store import delinquencies, histories
from services.metrics.store import explained as store
from shared.database import Session
from shared.errors import FieldError, Invalid

Place = tuple[str, str, str]  # account, kind, item; no kind: after the whole account

_ZONES = 2 * ONE_DAY  # a zone that is another by now moves days by so much, at most
_FACTS_OF_ACCOUNT = ("invoice",)


class Batch(NamedTuple):
    """Some accounts whose things are to be looked at, or what things add. `until`: where to go on;
    None: these were the last."""

    accounts: Sequence[KeptAccount]
    adds: Sequence[Adds]
    scanned: int
    until: Place | None


class Source(Protocol):
    """Where the things are read. `facts_of`: of which kinds of items facts are shown of what is of
    an account as a whole."""

    @property
    def adding(self) -> Adding | None: ...

    @property
    def facts_of(self) -> Sequence[str]: ...

    async def read(self, session: Session, after: Place, size: int) -> Batch: ...

    async def count(self, session: Session, limit: int) -> int: ...


@dataclass(frozen=True)
class Making:
    """What is explained: where its things are, and what they come to. `head`: what the answer says
    of it. `total` None: there is no such figure."""

    question: Question
    source: Source
    total: Number | None
    unit: PartUnit
    head: Mapping[str, Any]
    writing: Writing = field(default_factory=Writing)


# ── What is made of cells ─────────────────────────────────────────────────────────────────────────


class OfCells:
    """Things of accounts, by what their cells add."""

    facts_of = _FACTS_OF_ACCOUNT

    def __init__(self, tenant_id: str, adding: Adding, before: int) -> None:
        self.adding = adding
        self._wanted = store.Candidates(
            tenant_id=tenant_id,
            kinds=candidates_of(adding),
            since=max(adding.since, FIRST_DAY + _ZONES) - _ZONES,
            before=before,
            whole=kinds_of(adding) if needs_whole_accounts(adding) else None,
        )

    async def read(self, session: Session, after: Place, size: int) -> Batch:
        account_id, kind, _ = after
        accounts, until = await store.list_accounts(
            session, self._wanted, account_id, size, is_again=bool(kind)
        )
        scanned = sum(len(each.items) for each in accounts)
        return Batch(accounts, (), scanned, None if until is None else (until, "", ""))

    async def count(self, session: Session, limit: int) -> int:
        return await store.count_candidates(session, self._wanted, limit)


class OfSpans:
    """Delinquencies of accounts."""

    adding = None
    facts_of = spans.FACTS_OF

    def __init__(self, scope: tuple[str, int], adding: AddingToKpi) -> None:
        self._scope = scope
        self._adding = adding

    async def read(self, session: Session, after: Place, size: int) -> Batch:
        question = self._adding.question
        found = await store.list_spans(session, self._scope, question, _after(after), size)
        adds = spans.adds_to_kpi(found, self._adding)
        until = _until(found[-1][:2]) if len(found) == size else None
        return Batch((), adds, len(found), until)

    async def count(self, session: Session, limit: int) -> int:
        return 0  # as they are read


@dataclass(frozen=True)
class CureCell:
    """A cell of a month's matrix of cures."""

    month: Window
    row: str
    column: str
    part: Part


class OfCures:
    """Delinquencies of accounts in a cell of the matrix of cures."""

    adding = None
    facts_of = spans.FACTS_OF

    def __init__(self, scope: tuple[str, int], question: Question, cell: CureCell) -> None:
        self._scope = scope
        self._question = question
        self._cell = cell

    async def read(self, session: Session, after: Place, size: int) -> Batch:
        cell = self._cell
        found = await store.list_fates_of(
            session, self._scope, self._question, cell.month, _after(after), size
        )
        at = self._question.looked_at
        adds = spans.adds_to_cures(found, cell.row, cell.column, cell.part, at)
        until = _until(found[-1][:2]) if len(found) == size else None
        return Batch((), adds, len(found), until)

    async def count(self, session: Session, limit: int) -> int:
        return 0


def _after(place: Place) -> store.AfterSpan:
    account_id, kind, item_id = place
    return account_id, date.fromisoformat(item_id) if kind else date.max


def _until(of_account: tuple[str, Any]) -> Place:
    account_id, span = of_account
    return account_id, spans.KIND, span.chain_on.isoformat()


# ── KPIs, matrices, cohorts ───────────────────────────────────────────────────────────────────────


async def of_kpi(
    session: Session, tenant_id: str, question: Question, part: Part, before: int
) -> Making:
    """A KPI's numerator or denominator. Raises `Invalid` where it has none."""
    figured = await read_figured(session, tenant_id, plain(question), before)
    _check(figured, part)
    adding, total = adding_to(figured, part)
    question, kpi = figured.question, figured.question.kpi
    is_of_spans = any(need.mode == "delinquent" for need in kpi.needs)
    source: Source = (
        OfSpans((tenant_id, before), adding) if is_of_spans else OfCells(tenant_id, adding, before)
    )
    head = {
        "name": kpi.name,
        "part": part,
        "currency": (question.into or adding.currency) if kpi.is_money else None,
        "from": question.window.from_on,
        "to": question.window.to_on,
        **({"at": question.looked_at} if kpi.kind == "cohort" else {}),
    }
    unit = kpi.part_unit(part, question.by)
    writing = Writing(question.is_converted and kpi.unit == "minor")
    return Making(question, source, total, unit, head, writing)


def _check(figured: Figured, part: Part) -> None:
    if is_mixed(figured):
        detail = f"is needed: there are {', '.join(figured.currencies)}"
        raise Invalid("Currencies are never mixed.", [FieldError("/query/currency", detail)])
    kpi = figured.question.kpi
    if part == "denominator" and not kpi.has_denominator:
        detail = f"{kpi.name} has none"
        raise Invalid("There is nothing to explain.", [FieldError("/query/part", detail)])


@dataclass(frozen=True)
class OfRolls:
    """A cell of a month's matrix of rolls."""

    row: str
    column: str

    async def __call__(
        self, session: Session, tenant_id: str, question: Question, part: Part, before: int
    ) -> Making:
        scope = (tenant_id, before)
        currency = await only_currency(session, scope, question)
        months = months_of(question)
        adding = AddingToRolls(question, currency, months[0], self.row, self.column, part)
        rolled = await histories.list_rolled(session, scope, question, currency, months)
        total = value_in_matrix(matrix(rolled, question.by), self.row, self.column, part)
        head = {
            "name": "roll-rate",
            "part": part,
            "currency": currency,
            "month": f"{question.window.from_on:%Y-%m}",
            "to": months[0].to_on,
            "row": self.row,
            "column": self.column,
        }
        unit: PartUnit = "minor" if question.by == "amount" else "count"
        return Making(question, OfCells(tenant_id, adding, before), total, unit, head)


@dataclass(frozen=True)
class OfCureMatrix:
    """A cell of a month's matrix of cures."""

    row: str
    column: str

    async def __call__(
        self, session: Session, tenant_id: str, question: Question, part: Part, before: int
    ) -> Making:
        scope, month = (tenant_id, before), question.window
        fates = await delinquencies.list_fates(session, scope, question, month)
        total = spans.value_of_cures(fates, self.row, self.column, part)
        source = OfCures(scope, question, CureCell(month, self.row, self.column, part))
        head = {
            "name": "cure",
            "part": part,
            "currency": None,
            "month": f"{month.from_on:%Y-%m}",
            "to": month.to_on,
            "at": question.looked_at,
            "row": self.row,
            "column": self.column,
        }
        return Making(question, source, total, "count", head)


@dataclass(frozen=True)
class OfVintage:
    """A point of a month's cohort."""

    vintage: Vintage
    age: int

    async def __call__(
        self, session: Session, tenant_id: str, question: Question, part: Part, before: int
    ) -> Making:
        scope, first_on = (tenant_id, before), question.window.from_on
        currency = await only_currency(session, scope, question)
        at, known_on = question.looked_at, question.known_on
        look = month_end(_months_later(first_on, self.age))
        if look > (at if known_on is None else min(at, known_on)):
            detail = f"has no point yet: that month ends on {look}"
            raise Invalid("There is nothing to explain.", [FieldError("/query/age", detail)])
        question = replace(question, at=look)
        months = Months.of(first_on, first_on, look)
        adding = AddingToVintage(question, currency, self.vintage, months, self.age, part)
        became = await histories.list_became(
            session, scope, question, currency, self.vintage, months
        )
        total = value_of_vintage(vintages(months, became), self.age, part)
        head = {
            "name": "cohorts",
            "part": part,
            "currency": currency,
            "cohort": f"{first_on:%Y-%m}",
            "age": self.age,
            "on": look,
        }
        return Making(question, OfCells(tenant_id, adding, before), total, "minor", head)


def _months_later(first_on: date, months: int) -> date:
    number = first_on.year * 12 + first_on.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
