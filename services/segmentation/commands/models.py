"""Which model answers, and which one answers in its shadow: promotion, rollback, their record."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from services.segmentation.commands.rescoring import begin_rescore
from services.segmentation.domain.announcements import tenant_wide
from services.segmentation.domain.score import MODEL_VERSION
from services.segmentation.learning.cases import TARGETS, Target
from services.segmentation.learning.trial import Training, TrainingOrder
from services.segmentation.store import models as store
from services.segmentation.store.active_rules import ActiveRules
from shared import clock
from shared.database import Session
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.events import Announcement, Event
from shared.events.segmentation import ModelPromoted
from shared.log import outbox


class NothingToRollBack(Conflict):
    """The target never had another model in force."""


class ModelDecision(Struct, frozen=True, kw_only=True):
    """Who decides about a model, when, and why."""

    by: str
    reason: str
    at: datetime  # business time


class Promoted(Struct, frozen=True, kw_only=True):
    """What came of it."""

    target: Target
    model_version: str
    from_version: str
    is_rollback: bool
    changed: bool  # False: it was in force already
    rescoring: int | None  # the job that goes through the accounts


async def keep_models(
    session: Session, tenant: str, order: TrainingOrder, training: Training
) -> None:
    """Put a scorecard and its trees into the registry. They answer nobody before a promotion."""
    for trained in training.models:
        await store.insert_model(
            session,
            tenant,
            version=trained.version,
            target=order.target,
            horizon_days=training.horizon_days,
            document=trained.document,
            beside=trained.beside,
            report=trained.report,
            until=training.until,
            trained_by=order.by,
            created_at=clock.now(),
        )


async def promote_model(
    session: Session,
    tenant: str,
    version: str,
    decision: ModelDecision,
    force: ActiveRules,
    *,
    target: Target | None = None,
) -> Promoted:
    """Let a model answer for its target from now on, and re-score everybody.

    The rule card is promoted like a model, for the target named. Raises `NotFound`.
    """
    await store.lock_roles(session, tenant)
    target = await _target_of(session, tenant, version, target, force)
    before = await version_in_force(session, tenant, target)
    earlier = await store.list_roles(session, tenant, target=target)
    champions = [role for role in earlier if role.role == "champion"]
    had_been = {MODEL_VERSION, *(role.version for role in champions)}
    is_rollback = bool(champions) and version in had_been
    if before == version:
        return Promoted(
            target=target,
            model_version=version,
            from_version=before,
            is_rollback=False,
            changed=False,
            rescoring=None,
        )
    number = await store.insert_role(
        session,
        tenant,
        target=target,
        role="champion",
        version=version,
        from_version=before,
        is_rollback=is_rollback,
        reason=decision.reason,
        promoted_by=decision.by,
        at=decision.at,
    )
    await _shadow_its_challenger(session, tenant, target, version, decision)
    job = await begin_rescore(session, tenant, because=f"model-promoted {version}", at=decision.at)
    promoted = ModelPromoted(
        target=target,
        model_version=version,
        from_version=before,
        is_rollback=is_rollback,
        reason=decision.reason,
        promoted_by=decision.by,
    )
    outbox.append(session, [_event(tenant, promoted, number, decision.at)])
    return Promoted(
        target=target,
        model_version=version,
        from_version=before,
        is_rollback=is_rollback,
        changed=True,
        rescoring=job,
    )


async def _shadow_its_challenger(
    session: Session, tenant: str, target: Target, version: str, decision: ModelDecision
) -> None:
    """The trees grown with a scorecard answer in its shadow while it is in force."""
    now = await _role_now(session, tenant, target, "shadow")
    before = now.version if now is not None else None
    challenger = await store.find_challenger(session, tenant, version)
    if challenger == before:
        return
    await store.insert_role(
        session,
        tenant,
        target=target,
        role="shadow",
        version=challenger,
        from_version=before,
        is_rollback=False,
        reason=decision.reason,
        promoted_by=decision.by,
        at=decision.at,
    )


async def roll_back(
    session: Session, tenant: str, target: Target, decision: ModelDecision, force: ActiveRules
) -> Promoted:
    """Let answer what answered before the model in force. Raises `NothingToRollBack`.

    Asked again, it goes one step further back: never to what was rolled back.
    """
    await store.lock_roles(session, tenant)
    roles = await store.list_roles(session, tenant, target=target)
    line = _line_of([role for role in reversed(roles) if role.role == "champion"])
    if len(line) < 2:
        raise NothingToRollBack(f"{target} has no model in force before which there was another")
    return await promote_model(session, tenant, line[-2], decision, force, target=target)


def _line_of(champions: Sequence[store.Role]) -> list[str]:
    """What is in force, after what it can be rolled back to; roles with the earliest first."""
    line = [MODEL_VERSION]
    for role in champions:
        version = role.version or MODEL_VERSION
        if version in line:
            del line[line.index(version) + 1 :]
        else:
            line.append(version)
    return line


async def shadow_model(
    session: Session,
    tenant: str,
    version: str,
    decision: ModelDecision,
    force: ActiveRules,
    *,
    stop: bool,
) -> store.Role:
    """Let a model answer as a shadow of the one in force, or no longer. Nothing follows from it."""
    await store.lock_roles(session, tenant)
    target = (await force.shadow(session, tenant, version)).target
    now = await _role_now(session, tenant, target, "shadow")
    before = now.version if now is not None else None
    if stop and before != version:
        raise Conflict(f"{version} is not in the shadow of {target}")
    if stop or before != version:
        await store.insert_role(
            session,
            tenant,
            target=target,
            role="shadow",
            version=None if stop else version,
            from_version=before,
            is_rollback=False,
            reason=decision.reason,
            promoted_by=decision.by,
            at=decision.at,
        )
        if not stop:
            because = f"model-shadowed {version}"
            await begin_rescore(session, tenant, because=because, at=decision.at, with_shadows=True)
    role = await _role_now(session, tenant, target, "shadow")
    assert role is not None, "it was written above, or before"
    return role


async def versions_in_force(
    session: Session, tenant: str
) -> tuple[dict[Target, str], dict[Target, str]]:
    """What answers for each target, and what is asked in its shadow."""
    roles = (await store.current_roles(session, {tenant}))[tenant]
    in_force: dict[Target, str] = dict.fromkeys(TARGETS, MODEL_VERSION)
    shadows: dict[Target, str] = {}
    for role in roles:
        if role.version is not None:
            (in_force if role.role == "champion" else shadows)[role.target] = role.version
    return in_force, shadows


async def version_in_force(session: Session, tenant: str, target: Target) -> str:
    """What answers for a target."""
    role = await _role_now(session, tenant, target, "champion")
    return role.version if role is not None and role.version is not None else MODEL_VERSION


async def _role_now(
    session: Session, tenant: str, target: Target, part: store.Part
) -> store.Role | None:
    roles = (await store.current_roles(session, {tenant}))[tenant]
    found = [role for role in roles if role.target == target and role.role == part]
    return found[0] if found else None


async def _target_of(
    session: Session, tenant: str, version: str, target: Target | None, force: ActiveRules
) -> Target:
    """The target a version answers for; its document is read and its hash verified."""
    if version == MODEL_VERSION:
        if target is None:
            words = f"is needed for {version}, which answers for: {', '.join(TARGETS)}"
            raise Invalid("Which target?", [FieldError("/target", words)])
        return target
    scorer = await force.scorer(session, tenant, version)
    if target is not None and target != scorer.target:
        words = f"{version} answers for {scorer.target}"
        raise Invalid("The model is for another target.", [FieldError("/target", words)])
    return scorer.target


def no_model(version: str) -> NotFound:
    return NotFound(f"there is no model {version!r}")


def _event(tenant: str, data: ModelPromoted, number: int, at: datetime) -> Event:
    announced = Announcement(
        type="model-promoted",
        entity=data.target,
        cause=f"promotion {number}",
        time=at,
        day=None,
        data=data,
    )
    return tenant_wide(tenant, announced)
