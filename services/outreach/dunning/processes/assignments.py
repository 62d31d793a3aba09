"""What comes into force reaches the accounts, in slices, when its day has begun."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.outreach.context import Context
from services.outreach.dunning.commands.assignments import (
    ACCOUNTS_MAX,
    AssignmentOccasion,
    assign_accounts,
)
from services.outreach.dunning.domain.assignments import Assignments, assign
from services.outreach.dunning.store import strategies as store
from services.outreach.rulebooks.commands import business_now
from shared.process.failures import halves, is_for_now, note_failure


async def apply_activations(context: Context, tenant: str, at: datetime) -> int:
    """Ask all accounts of the tenant anew, where strategies or assignments have come into force up
    to an instant of business time; gives how many have changed. Safe to repeat: who is on the right
    one stays."""
    async with context.db.reading() as session:
        mark = await store.find_mark(session, tenant)
        if mark is not None and not await store.has_begun_since(session, tenant, mark, at):
            return 0
    changed, after = 0, ""
    occasion = AssignmentOccasion(because="activation", at=at, recorded_at=context.business_now(at))
    while True:
        async with context.db.reading() as session:
            account_ids = await store.page_accounts(
                session, tenant, after=after, limit=ACCOUNTS_MAX
            )
        if account_ids:
            changed += await _ask(context, tenant, account_ids, occasion)
        if len(account_ids) < ACCOUNTS_MAX:
            break
        after = account_ids[-1]
    async with context.db.transaction() as session:
        await store.set_mark(session, tenant, at)
    return changed


async def _ask(
    context: Context, tenant: str, account_ids: Sequence[str], occasion: AssignmentOccasion
) -> int:
    """Where that fails for good, the culprit stays where it is, and the others are asked."""
    try:
        async with context.db.transaction() as session:
            return await assign_accounts(session, tenant, context.strategies, account_ids, occasion)
    except Exception as error:
        if is_for_now(error):
            raise
        if len(account_ids) == 1:
            note_failure("outreach", "assignments", error, tenant=tenant)
            return 0
        changed = 0
        for half in halves(account_ids):
            changed += await _ask(context, tenant, half, occasion)
        return changed


# ------------------------------------------------------------------------------------------ dry run

Place = tuple[str | None, str | None]  # strategy, version


@dataclass(frozen=True, kw_only=True)
class Move:
    before: Place
    after: Place
    accounts: int


@dataclass(frozen=True, kw_only=True)
class AssignmentsTrial:
    accounts: int
    moves: tuple[Move, ...]  # the most accounts first


async def try_assignments(
    context: Context, tenant: str, assignments: Assignments
) -> AssignmentsTrial:
    """Which accounts would change if these rules were in force today, and all moved. Nothing is
    changed."""
    accounts, after = 0, ""
    moves: Counter[tuple[Place, Place]] = Counter()
    async with context.db.reading() as session:
        now = await business_now(session, context.clock, tenant)
        counting = await context.strategies.in_force(session, tenant, now)
    in_force = replace(counting, assignments=assignments, assignments_mode="move")
    while True:
        async with context.db.reading() as session:
            page = await store.page_accounts(session, tenant, after=after, limit=ACCOUNTS_MAX)
            questions = await store.list_questions(session, tenant, page)
        for question in questions:
            now_on = question.asked.now_on
            answer = assign(question.asked, in_force, lambda _version: None, "rule")
            before = (None, None) if now_on is None else (now_on.strategy, now_on.version)
            moves[before, (answer.strategy, answer.version)] += 1
        accounts += len(questions)
        if len(page) < ACCOUNTS_MAX:
            break
        after = page[-1]
    changed = [
        Move(before=before, after=then, accounts=count)
        for (before, then), count in moves.most_common()
        if before != then
    ]
    return AssignmentsTrial(accounts=accounts, moves=tuple(changed))
