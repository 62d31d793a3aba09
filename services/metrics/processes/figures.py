"""Questions answered from one snapshot of the figures, closed before anything is computed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from services.metrics.domain.answers import Figured
from services.metrics.domain.questions import Question
from services.metrics.domain.slots import SLOT_SECONDS, UNTIL_NOW
from services.metrics.store import figures as store
from services.metrics.store.figures import Tenant
from shared import clock
from shared.database import Database
from shared.errors import FieldError, Invalid

FIGURES_MAX = 50_000

# A question is made when the tenant is known: which days are asked for depends on it.
Asker = Callable[[Tenant | None], Question]


async def ask(db: Database, tenant_id: str, askers: Sequence[Asker]) -> list[Figured]:
    """The questions with all that their answers are made of. Raises `Invalid`."""
    figured: list[Figured] = []
    size = 0
    async with db.reading() as session:
        tenant = await store.find_tenant(session, tenant_id)
        for asker in askers:
            question = asker(tenant)
            before = recorded_before(question, tenant)
            currencies = await store.list_currencies(session, tenant_id, before)
            if question.kpi.over == "trailing":
                first_days = await store.list_first_days(session, tenant_id, before)
                question = replace(question, begins_on=first_days)
            only = currencies[0] if len(currencies) == 1 else None
            currency = question.currency or only
            rows = await store.list_rows(session, tenant_id, question, currency, before)
            figured.append(Figured(question, rows, currencies))
            size += figured[-1].size
            if size > FIGURES_MAX:
                raise _too_many_figures(question)
    return figured


def recorded_before(question: Question, tenant: Tenant | None) -> int:
    """The moment of knowledge that an answer may not reach: the end of `as_of` for the tenant."""
    if question.as_of is None:
        return UNTIL_NOW
    zone = tenant.timezone if tenant else "UTC"
    end = clock.day_start(question.as_of + clock.ONE_DAY, zone)
    return int(end.timestamp() // SLOT_SECONDS)


def business_day(tenant: Tenant | None) -> date:
    """The tenant's calendar day as its newest event has it; with none yet, the machine's."""
    if tenant is None or tenant.latest_slot == 0:
        return clock.now().date()
    instant = datetime.fromtimestamp(tenant.latest_slot * SLOT_SECONDS, UTC)
    return clock.local_day(instant, tenant.timezone)


def _too_many_figures(question: Question) -> Invalid:
    """Parts × groups, of all KPIs together, are too many."""
    pointer = "/query/group_by" if question.group_by else "/query/interval"
    detail = f"would make more than {FIGURES_MAX:,} figures: ask for fewer parts or groups"
    return Invalid("The answer would be too large.", [FieldError(pointer, detail)])
