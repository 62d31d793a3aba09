"""Questions to the contact governor: little work is done at once, more in the tenant's place."""

from services.outreach.context import Context
from services.outreach.rulebooks.domain.questions import (
    Answers,
    answer_all,
    answer_little,
    show_timeline,
)
from services.outreach.rulebooks.processes.books import ready_books
from services.outreach.rulebooks.processes.calculation import calculate


async def answer_questions(context: Context, tenant: str, body: bytes) -> Answers:
    """One question or an array. Raises `Invalid` and `Unreadable` for a body that is neither."""
    versions = await ready_books(context, tenant)
    answers = answer_little(versions, body)
    if answers is None:
        answers = await calculate(context, tenant, versions, answer_all, body)
    return answers


async def answer_timeline(context: Context, tenant: str, body: bytes) -> bytes:
    """In JSON. Raises `Invalid`, `Unreadable`."""
    versions = await ready_books(context, tenant)
    return await calculate(context, tenant, versions, show_timeline, body)
