"""Questions to the contact governor: little work is done at once, more in the tenant's place."""

from services.outreach.context import Context
from services.outreach.rulebooks.domain.questions import (
    Answers,
    Rates,
    answer_all,
    answer_little,
    needs_rates,
    show_timeline,
)
from services.outreach.rulebooks.domain.reference_rates import as_known
from services.outreach.rulebooks.processes.books import ready_books
from services.outreach.rulebooks.processes.calculation import calculate
from services.outreach.rulebooks.store import find_rates


async def answer_questions(context: Context, tenant: str, body: bytes) -> Answers:
    """One question or an array. Raises `Invalid` and `Unreadable` for a body that is neither."""
    versions = await ready_books(context, tenant)
    rates = await _rates(context, tenant, body)
    answers = answer_little(versions, body, rates)
    if answers is None:
        answers = await calculate(context, tenant, versions, answer_all, body, rates)
    return answers


async def answer_timeline(context: Context, tenant: str, body: bytes) -> bytes:
    """In JSON. Raises `Invalid`, `Unreadable`."""
    versions = await ready_books(context, tenant)
    rates = await _rates(context, tenant, body)
    return await calculate(context, tenant, versions, show_timeline, body, rates)


async def _rates(context: Context, tenant: str, body: bytes) -> Rates:
    """What the tenant has loaded, where a question may need it."""
    if not needs_rates(body):
        return ()
    async with context.db.reading() as session:
        return as_known(await find_rates(session, tenant))
