"""Segment policies by tenant: kept for ever, tried on today's accounts, brought into force."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from msgspec import Struct

from services.segmentation.commands.rescoring import begin_rescore
from services.segmentation.domain.assess import assess
from services.segmentation.domain.policy import Policy, Scores, decide, parse_text
from services.segmentation.domain.rules import Rules
from services.segmentation.store import accounts as account_store
from services.segmentation.store.active_policies import SEGMENTS, ActivePolicies
from shared.database import Session
from shared.documents import Activation, Asked, BuiltIn, Done
from shared.events import SEGMENTATION, Event
from shared.events.segmentation import SegmentPolicyActivated
from shared.log import outbox

PACKS = Path(__file__).parent.parent / "policies"
EXAMPLES = 5  # of each move


class Pack(Struct, frozen=True, kw_only=True):
    """A policy that comes with the service, to start from."""

    name: str
    title: str
    description: str
    policy_version: str
    segments: tuple[str, ...]
    source: str


@cache
def packs() -> dict[str, Pack]:
    """Every pack by name."""
    found = {}
    for path in sorted(PACKS.glob("*.yaml")):
        source = path.read_text(encoding="utf-8")
        policy = parse_text(source)
        document = policy.document
        found[document.name] = Pack(
            name=document.name,
            title=document.title or document.name,
            description=document.description or "",
            policy_version=policy.version,
            segments=policy.names,
            source=source,
        )
    return found


async def activate_policy(
    session: Session, tenant: str, policies: ActivePolicies, asked: Asked
) -> Done:
    """Put a policy in force and begin to re-score the population; its effect is the number of the
    re-score. The settings' policy and the packs need not have been stored."""
    offered = [
        BuiltIn(SEGMENTS, pack.policy_version, pack.source, parse_text(pack.source))
        for pack in packs().values()
        if pack.policy_version == asked.version
    ]
    done = await policies.documents.activate(session, tenant, asked, offered=offered)
    if not done.is_new:
        return done
    assert done.activation is not None, "what is new was written"
    because = f"segment-policy-activated {asked.version}"
    number = await begin_rescore(session, tenant, because=because, at=asked.now)
    outbox.append(session, [_activated(tenant, done.activation, is_rollback=done.is_rollback)])
    return replace(done, effect=number)


def _activated(tenant: str, activation: Activation, *, is_rollback: bool) -> Event:
    assert activation.version is not None, "segments are never ended"
    assert activation.from_version is not None, "some policy is always in force"
    return Event(
        topic=SEGMENTATION,
        tenant=tenant,
        key="",
        type="segment-policy-activated",
        entity="segments",
        cause=f"activation {activation.number}",
        time=activation.recorded_at,
        recordedtime=activation.recorded_at,
        data=SegmentPolicyActivated(
            policy_version=activation.version,
            from_version=activation.from_version,
            is_rollback=is_rollback,
            reason=activation.reason,
            activated_by=activation.recorded_by,
        ),
    )


class Example(Struct, frozen=True):
    """One account that would move, and why it would be where."""

    account_id: str
    because: str


class Move(Struct, frozen=True, kw_only=True):
    """Accounts that would go the same way. `words`: `312 accounts move from a to b`."""

    from_segment: str
    to_segment: str
    accounts: int
    words: str
    examples: tuple[Example, ...]


class Trial(Struct, frozen=True):
    """What a policy would make of today's accounts."""

    policy_version: str
    accounts: int
    moved: int
    segments: dict[str, int]
    moves: tuple[Move, ...]


async def try_policy(session: Session, tenant: str, policy: Policy, rules: Rules) -> Trial:
    """How many accounts would move from which segment to which. Nothing is changed.

    It decides as the re-score after an activation would: an account that is in a segment of the
    same name leaves it as hard as the policy says.
    """
    tried = replace(rules, policy=policy, experiments=())
    segments: Counter[str] = Counter(dict.fromkeys(policy.names, 0))
    moves: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[Example]] = {}
    async for accounts in account_store.read_states(session, tenant):
        for account_id, state, before in accounts:
            found = assess(state, account_id, tried)
            segments[found.segment] += 1
            if found.segment == before:
                continue
            move = before, found.segment
            moves[move] += 1
            shown = examples.setdefault(move, [])
            if len(shown) < EXAMPLES:
                scores = Scores(
                    pays_within=found.asked["pays_within"].probability,
                    late_payment=found.asked["late_payment"].probability,
                )
                course = state.course
                why = decide(policy, found.features, scores, course.held, state.latest_on)
                shown.append(Example(account_id, why.because))
    return Trial(
        policy_version=policy.version,
        accounts=segments.total(),
        moved=moves.total(),
        segments=dict(segments),
        moves=tuple(
            _move(move, count, examples[move])
            for move, count in sorted(moves.items(), key=lambda m: (-m[1], m[0]))
        ),
    )


def _move(move: tuple[str, str], count: int, examples: Sequence[Example]) -> Move:
    before, after = move
    moves = "1 account moves" if count == 1 else f"{count} accounts move"
    return Move(
        from_segment=before,
        to_segment=after,
        accounts=count,
        words=f"{moves} from {before} to {after}",
        examples=tuple(examples),
    )
