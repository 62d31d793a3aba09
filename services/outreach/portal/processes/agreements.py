"""What a visitor agrees on: told to the ledger, then noted as what he did."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.outreach.context import Context
from services.outreach.portal.commands.visits import note_visit
from services.outreach.portal.domain import account_view as views
from services.outreach.portal.domain.links import LinkAccount
from services.outreach.portal.processes import ledger
from services.outreach.portal.processes.doorway import Visitor
from services.outreach.portal.store import feedback as store
from shared.errors import AppError, TooMany, Unavailable

BIDS_MAX = 3
BIDS_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class VisitorCommand:
    """One command of a visitor."""

    account: LinkAccount
    body: Mapping[str, Any]
    key: str
    is_preview: bool = False
    if_match: str | None = None


@dataclass(frozen=True)
class Noun:
    """What is agreed on."""

    path: str
    deed: str
    shown: Callable[[Mapping[str, Any]], dict[str, Any]]


PROMISE = Noun("promises", "promise", views.promise_shown)
PLAN = Noun("plans", "plan", views.plan_shown)
SETTLEMENT = Noun("settlements", "settlement", views.bid_shown)
DISPUTE = Noun("disputes", "dispute", views.dispute_shown)


async def agree(
    context: Context, visitor: Visitor, noun: Noun, asked: VisitorCommand
) -> tuple[int, dict[str, Any]]:
    """The ledger's status and what it made."""
    answer = await ledger.command(
        context,
        visitor,
        asked.account,
        noun.path,
        asked.body,
        asked.key,
        is_preview=asked.is_preview,
        if_match=asked.if_match,
    )
    if not asked.is_preview:
        await did(context, visitor, asked.account, noun.deed)
    return answer.status, {"account_id": asked.account.account_id, **noun.shown(answer.body)}


async def bid(
    context: Context, visitor: Visitor, asked: VisitorCommand
) -> tuple[int, dict[str, Any]]:
    """Three in thirty days; one that is refused is none. Raises `TooMany`."""
    if asked.is_preview:
        return await agree(context, visitor, SETTLEMENT, asked)
    bid_id = ledger.command_key(visitor, asked.key)
    key = visitor.link.debtor_key
    async with context.db.transaction() as session:
        known = await store.list_bids(session, visitor.tenant, key, visitor.at - BIDS_WITHIN)
        if bid_id not in known and len(known) >= BIDS_MAX:
            words = context.portal.words.say(visitor.language, "too-many-offers")
            free_at = sorted(known.values())[-BIDS_MAX] + BIDS_WITHIN
            raise TooMany(words, (free_at - visitor.at).total_seconds(), {"because": "bids"})
        await store.insert_bid(session, visitor.tenant, bid_id, key, visitor.at)
    try:
        status, made = await agree(context, visitor, SETTLEMENT, asked)
    except Unavailable:
        raise  # whether it was made is not known
    except AppError:
        async with context.db.transaction() as session:
            await store.delete_bid(session, visitor.tenant, bid_id)
        raise
    return status, {**made, "bids_left": BIDS_MAX - len({*known, bid_id})}


async def did(context: Context, visitor: Visitor, account: LinkAccount, deed: str) -> None:
    async with context.db.transaction() as session:
        await note_visit(
            session, context.clock, context.links, visitor.link, account, visitor.level, deed
        )
