"""Segment policies: put in force, with what follows; and the ones that come with the service."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from msgspec import Struct

from services.segmentation.commands.rescoring import begin_rescore
from services.segmentation.domain.policy import parse_text
from services.segmentation.store.active_policies import SEGMENTS, ActivePolicies
from shared.database import Session
from shared.documents import Activation, ActivationRequest, ActivationResult, BuiltIn
from shared.events import SEGMENTATION, Event
from shared.events.segmentation import SegmentPolicyActivated
from shared.log import outbox

PACKS = Path(__file__).parent.parent / "policies"


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
    session: Session, tenant: str, policies: ActivePolicies, asked: ActivationRequest
) -> ActivationResult:
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
