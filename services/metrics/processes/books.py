"""Matrices, cohorts and the process answered from one snapshot, of one currency at a time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from services.metrics.domain.answers import Figured
from services.metrics.domain.cures import cure_matrix
from services.metrics.domain.process_answers import OVER, feedback_of, process_of
from services.metrics.domain.questions import Question
from services.metrics.domain.rolls import matrix, months_of
from services.metrics.domain.vintages import Months, Vintage, vintages
from services.metrics.domain.windows import month_end
from services.metrics.processes.figures import Asker, IsKnown, recorded_before
from services.metrics.store import delinquencies, figures, histories, process
from services.metrics.store.figures import Tenant
from shared.database import Database, Session
from shared.errors import FieldError, Invalid


@dataclass(frozen=True)
class Book:
    """What a question is answered from. `is_known`: the asker has the answer; nothing was read."""

    tenant: Tenant | None
    answer: dict[str, Any]
    is_known: bool = False


@dataclass(frozen=True)
class BookReading:
    """A question as it is put to the store."""

    session: Session
    scope: tuple[str, int]
    question: Question
    currency: str | None


Read = Callable[[BookReading], Awaitable[dict[str, Any]]]


async def open_book(
    db: Database, tenant_id: str, asker: Asker, is_known: IsKnown, read: Read
) -> Book:
    """Answer from one snapshot, unless the asker has the answer. Raises `Invalid`."""
    async with db.reading() as session:
        tenant = await figures.find_tenant(session, tenant_id)
        question = asker(tenant)
        if is_known(tenant):
            return Book(tenant, {}, is_known=True)
        scope = (tenant_id, recorded_before(question, tenant))
        currency = await only_currency(session, scope, question)
        return Book(tenant, await read(BookReading(session, scope, question, currency)))


async def only_currency(session: Session, scope: tuple[str, int], question: Question) -> str | None:
    """The only one, if none is named: several are never mixed."""
    if question.currency is not None or not question.kpi.is_money:
        return question.currency
    currencies = await figures.list_currencies(session, *scope)
    if len(currencies) > 1:
        detail = f"is needed: there are {', '.join(currencies)}"
        raise Invalid("Currencies are never mixed.", [FieldError("/query/currency", detail)])
    return currencies[0] if currencies else None


async def roll_matrix(reading: BookReading) -> dict[str, Any]:
    """Where the balances of a month went."""
    question = reading.question
    months = months_of(question)
    rolled = await histories.list_rolled(
        reading.session, reading.scope, question, reading.currency, months
    )
    last_on = months[-1].to_on if months else question.window.from_on
    return {
        "month": f"{question.window.from_on:%Y-%m}",
        "to": last_on,
        "complete": _is_complete(question),
        "currency": reading.currency,
        "by": question.by,
        "rows": matrix(rolled, question.by),
    }


async def cures_of_month(reading: BookReading) -> dict[str, Any]:
    """What became of the accounts that owed anything past due when a month began."""
    question = reading.question
    fates = await delinquencies.list_fates(
        reading.session, reading.scope, question, question.window
    )
    return {
        "month": f"{question.window.from_on:%Y-%m}",
        "to": question.window.to_on,
        "complete": _is_complete(question),
        "at": question.looked_at,
        "rows": cure_matrix(fates),
    }


def _is_complete(question: Question) -> bool:
    """Whether the month is over by what can be known."""
    end = month_end(question.window.from_on)
    return question.known_on is None or end <= question.known_on


def read_vintages(vintage: Vintage) -> Read:
    """Of what measure."""

    async def read(reading: BookReading) -> dict[str, Any]:
        question = reading.question
        at = question.looked_at
        known_on = question.known_on
        months = Months.of(
            question.window.from_on,
            question.window.to_on,
            at if known_on is None else min(at, known_on),
        )
        became = await histories.list_became(
            reading.session, reading.scope, question, reading.currency, vintage, months
        )
        return {
            "from": f"{question.window.from_on:%Y-%m}",
            "to": f"{question.window.to_on:%Y-%m}",
            "at": at,
            "currency": reading.currency,
            "items": vintages(months, became),
        }

    return read


async def process_in_window(reading: BookReading) -> dict[str, Any]:
    """How delinquencies went on in the window."""
    session, scope, question = reading.session, reading.scope, reading.question
    marked = await process.list_marked(session, scope, question)
    waiting = await process.list_waiting(session, scope, question, OVER)
    window = question.window
    return {"from": window.from_on, "to": window.to_on, **process_of(marked, waiting)}


async def feedback_in_window(reading: BookReading) -> dict[str, Any]:
    """Satisfaction, the scores themselves, and what came last before them."""
    session, question = reading.session, reading.question
    tenant, before = reading.scope
    rows = await figures.list_rows(session, tenant, question, None, before)
    marks = await process.list_scores(session, reading.scope, question)
    return {**Figured(question, rows, ()).answer(), **feedback_of(marks)}
