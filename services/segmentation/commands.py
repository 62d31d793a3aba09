"""What segmentation does: take events into accounts, and try another policy on today's accounts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from services.segmentation import store
from services.segmentation.domain.account import fold, touched
from services.segmentation.domain.assess import Assessment, announce, assess
from services.segmentation.domain.policy import Policy
from shared import outbox
from shared.db import Session
from shared.events import LEDGER, Event, Received


async def reassess_accounts(session: Session, events: Sequence[Received], policy: Policy) -> None:
    """Take a batch of events in order, assess after each, announce every change of segment.

    Each event is judged by itself, not the batch as a whole, so that what is announced does not
    depend on how events happened to be split into batches.
    """
    keys = {(event.tenant, account_id) for event in events for account_id in touched(event)}
    if not keys:
        return
    standings = await store.lock_accounts(session, keys)
    believed: dict[store.Key, dict[date, store.Believed]] = {key: {} for key in keys}
    announcements: list[Event] = []
    for event in events:
        for account_id in touched(event):
            key = (event.tenant, account_id)
            standing = standings[key]
            fold(standing.state, account_id, event)
            after = assess(standing.state, policy)
            if event.topic == LEDGER:
                announcements += announce(account_id, standing.segment, after, event, policy)
                standing.segment, standing.policy_version = after.segment, policy.version
            if standing.segment is not None:
                _believe(standing, after)
                item = _believed(standing, after)
                believed[key][item.on_day] = item
    await store.update_accounts(session, standings)
    await store.upsert_assessments(
        session, {key: list(items.values()) for key, items in believed.items()}
    )
    outbox.append(session, announcements)


def _believe(standing: store.Standing, after: Assessment) -> None:
    """The figures of an assessment. The segment is not among them: only ledger events move it."""
    standing.probability = after.pays_within
    standing.expected_recovery_minor = after.expected_recovery_minor
    standing.currency = after.features.currency
    standing.priority = after.priority


def _believed(standing: store.Standing, after: Assessment) -> store.Believed:
    state = standing.state
    assert state.latest_on is not None, "a segment comes from a ledger event, which has a day"
    assert standing.segment is not None
    assert standing.policy_version is not None
    return store.Believed(
        on_day=state.latest_on,
        features=after.features,
        contacts=after.contacts_since_payment,
        segment=standing.segment,
        policy_version=standing.policy_version,
    )


class Move(Struct, frozen=True):
    from_segment: str
    to_segment: str
    accounts: int


class Trial(Struct, frozen=True):
    """What a policy would make of today's accounts."""

    policy_version: str
    accounts: int
    segments: dict[str, int]
    moves: tuple[Move, ...]


async def try_policy(session: Session, tenant: str, policy: Policy) -> Trial:
    """How many accounts would move from which segment to which. Nothing is changed."""
    segments: Counter[str] = Counter({s.name: 0 for s in policy.document.segments})
    moves: Counter[tuple[str, str]] = Counter()
    async for accounts in store.read_states(session, tenant):
        for _, state, before in accounts:
            after = assess(state, policy).segment
            segments[after] += 1
            if after != before:
                moves[before, after] += 1
    return Trial(
        policy_version=policy.version,
        accounts=segments.total(),
        segments=dict(segments),
        moves=tuple(
            Move(before, after, count)
            for (before, after), count in sorted(moves.items(), key=lambda m: (-m[1], m[0]))
        ),
    )
