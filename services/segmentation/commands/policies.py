"""Segment policies by tenant: kept for ever, tried on today's accounts, brought into force."""

from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from services.segmentation.commands.rescoring import begin_rescore
from services.segmentation.domain.policy import parse_text
from services.segmentation.store import policies as store
from services.segmentation.store.active_policies import ActivePolicies, no_policy
from shared.database import Session
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


class Kept(Struct, frozen=True):
    """A policy was stored, or had been."""

    policy_version: str
    is_new: bool


class Activated(Struct, frozen=True):
    """What came into force, and the re-score that follows it."""

    activation: store.Activation
    rescoring: int  # its number, for its progress


class Change(Struct, frozen=True, kw_only=True):
    """Who brings which policy into force, when, and why."""

    policy_version: str
    by: str
    at: datetime  # business time
    reason: str | None = None


async def put_policy(session: Session, tenant: str, source: str, *, by: str, at: datetime) -> Kept:
    """Keep a policy. Raises `Invalid` or `Unreadable` for a bad one."""
    policy = parse_text(source)
    stored = store.Stored(policy_version=policy.version, source=source, stored_at=at, stored_by=by)
    return Kept(policy.version, await store.insert_policy(session, tenant, stored))


async def activate_policy(
    session: Session, tenant: str, change: Change, policies: ActivePolicies
) -> Activated | None:
    """Bring a stored policy into force and begin to re-score the population; None: it is already.

    An earlier version is activated like any other: that is a rollback.
    """
    await store.lock_policies(session, tenant)
    await _keep_built_in(session, tenant, change, policies)
    await policies.get(session, tenant, change.policy_version)  # raises if there is none
    latest = await store.list_activations(session, tenant)
    before = latest[0].policy_version if latest else policies.default.version
    if before == change.policy_version:
        return None
    is_rollback = await store.was_active(session, tenant, change.policy_version)
    activation = store.Activation(
        number=latest[0].number + 1 if latest else 1,
        policy_version=change.policy_version,
        from_version=before,
        activated_at=change.at,
        activated_by=change.by,
        reason=change.reason,
    )
    await store.insert_activation(session, tenant, activation)
    because = f"segment-policy-activated {change.policy_version}"
    number = await begin_rescore(session, tenant, because=because, at=change.at)
    outbox.append(session, [_activated(tenant, activation, is_rollback=is_rollback)])
    return Activated(activation, number)


async def _keep_built_in(
    session: Session, tenant: str, change: Change, policies: ActivePolicies
) -> None:
    """The settings' policy and the packs need not be stored to be activated; once in force, theirs
    are kept texts too."""
    sources = {pack.policy_version: pack.source for pack in packs().values()}
    default = policies.default
    sources.setdefault(default.version, msgspec.json.encode(default.document).decode())
    if change.policy_version in sources:
        source = sources[change.policy_version]
        await put_policy(session, tenant, source, by=change.by, at=change.at)


def _activated(tenant: str, activation: store.Activation, *, is_rollback: bool) -> Event:
    return Event(
        topic=SEGMENTATION,
        tenant=tenant,
        key="",
        type="segment-policy-activated",
        entity="segments",
        cause=f"activation {activation.number}",
        time=activation.activated_at,
        recordedtime=activation.activated_at,
        data=SegmentPolicyActivated(
            policy_version=activation.policy_version,
            from_version=activation.from_version,
            is_rollback=is_rollback,
            reason=activation.reason,
            activated_by=activation.activated_by,
        ),
    )


async def get_source(
    session: Session, tenant: str, version: str, policies: ActivePolicies
) -> store.Stored | None:
    """A version as it was sent; None: it is the settings' own, which nobody sent."""
    stored = await store.find_policy(session, tenant, version)
    if stored is None and version != policies.default.version:
        raise no_policy(version)
    return stored
