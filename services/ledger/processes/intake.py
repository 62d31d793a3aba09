"""Requests of many events: gathered into one transaction if they are light, else in parts.

A part is as many events as take about half a second. What an account of many facts costs is not
known before, so each part's size follows from the time of the one before.
"""

from collections import Counter
from collections.abc import Sequence

from services.ledger.commands.accounts import take_turns
from services.ledger.commands.intake import ReceivedEvent, refuse_event, take_events
from services.ledger.commands.new_facts import Outcome
from services.ledger.context import Context
from services.ledger.store.facts import find_heavy
from services.ledger.store.journal import AccountKey
from services.ledger.store.memory import HEAVY_FACTS
from shared import clock
from shared.clock import monotonic
from shared.errors import TookTooLong
from shared.process.failures import is_for_now, note_failure, survived

PART_EVENTS_MAX = 1_000
PART_EVENTS_FIRST = 250
FAILED_MAX = 20  # events that fail one after the other before anything is taken: it's not they
PART_SECONDS = 0.5  # to aim at; a transaction's locks keep others waiting
ACCOUNT_EVENTS_MAX = 100  # of one account in a request that is still light

Request = Sequence[ReceivedEvent]


async def find_heavy_requests(context: Context, requests: Sequence[Request]) -> list[bool]:
    """For each request, whether it is to be taken by itself: many events, or a heavy account."""
    memory = context.accounts
    accounts = [_accounts(request) for request in requests]
    cold = {key for counts in accounts for key in counts if key not in memory}
    heavy = await find_heavy(context.db, cold, HEAVY_FACTS) if cold else set()
    return [
        any(
            events > ACCOUNT_EVENTS_MAX or key in heavy or memory.is_heavy(key)
            for key, events in counts.items()
        )
        for counts in accounts
    ]


async def take_together(context: Context, requests: Sequence[Request]) -> list[list[Outcome]]:
    """Record the events of some requests in one transaction."""
    events = [event for request in requests for event in request]
    async with context.db.transaction() as session:
        outcomes = iter(await take_events(session, events, context))
    return [[next(outcomes) for _ in request] for request in requests]


async def take_in_parts(context: Context, request: Request) -> list[Outcome]:
    """Record the events of one heavy request, in order, in as many transactions as it needs.

    What was recorded before a failure stays: the whole request may be sent again. An event that
    fails for good leaves the others; where nothing but such events comes, the request fails.
    """
    accounts = set(_accounts(request)) - context.accounts.apart
    context.accounts.apart |= accounts
    try:
        await _read_long_histories(context, accounts)
        outcomes: list[Outcome] = []
        failed: list[int] = []
        size = PART_EVENTS_FIRST
        while len(outcomes) < len(request):
            part = request[len(outcomes) : len(outcomes) + size]
            started = monotonic()
            try:
                (taken,) = await take_together(context, [part])
            except Exception as error:
                if len(part) > 1 and not is_for_now(error):
                    size = len(part) // 2
                    continue
                is_all = len(failed) == len(outcomes) and (
                    len(request) == len(failed) + 1 or len(failed) >= FAILED_MAX
                )
                if is_for_now(error) or isinstance(error, TookTooLong) or is_all:
                    raise
                failed.append(len(outcomes))
                taken = [await _refuse(context, part[0], error)]
            outcomes += taken
            size = _next_size(len(part), monotonic() - started)
        return outcomes
    finally:
        context.accounts.apart -= accounts


async def _refuse(context: Context, event: ReceivedEvent, error: Exception) -> Outcome:
    """The event can't be taken, and is no fault of its request's others."""
    note_failure("ledger", "intake", error, tenant=event.tenant)
    async with context.db.transaction() as session:
        return await refuse_event(session, event, error, now=clock.now())


def _next_size(size: int, seconds: float) -> int:
    if seconds > PART_SECONDS:
        return max(1, int(size * PART_SECONDS / seconds))
    return min(PART_EVENTS_MAX, size * 2 if seconds < PART_SECONDS / 2 else size)


async def _read_long_histories(context: Context, accounts: set[AccountKey]) -> None:
    """Read into memory what takes seconds, with nothing locked."""
    cold = {key for key in accounts if key not in context.accounts}
    for key in sorted(await find_heavy(context.db, cold, HEAVY_FACTS)) if cold else ():
        with survived(
            "ledger", "intake", tenant=key[0]
        ):  # what can't be read, its events will tell
            async with context.db.reading() as session:
                await take_turns(session, [key], context)


def _accounts(request: Request) -> Counter[AccountKey]:
    return Counter(
        (event.tenant, event.account_id) for event in request if event.account_id is not None
    )
