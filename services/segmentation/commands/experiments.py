"""What happens to experiments: written, started, stopped, checked against their guardrails.

While a run is under way nothing of it changes: a design can be replaced only when it is not
running, which makes another run. So an account that is in an arm stays there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from services.segmentation.commands.rescoring import begin_rescore
from services.segmentation.domain.announcements import (
    Cause,
    announce_started,
    announce_stopped,
    tenant_wide,
)
from services.segmentation.domain.experiments import Design, unknown_segments
from services.segmentation.domain.guardrails import Breach, Tally, breaches
from services.segmentation.store import experiments as store
from shared.database import Session
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.log import outbox

Run = store.Run


class ExperimentRuns(Conflict):
    """Nothing of an experiment changes while it runs."""


class WrongStatus(Conflict):
    """The experiment is not in a state for this."""


class ArmFigures(Struct, frozen=True, kw_only=True):
    """What segmentation knows of the accounts of one arm."""

    accounts: int
    figures: dict[str, float | None]
    segments: dict[str, int]


class Checked(Struct, frozen=True, kw_only=True):
    """What a check of an experiment came to."""

    name: str
    run: int
    status: str
    arms: dict[str, ArmFigures]
    breaches: tuple[Breach, ...]


async def put_experiment(
    session: Session,
    tenant: str,
    name: str,
    design: Design,
    *,
    segments: Sequence[str],
    at: datetime,
) -> Run:
    """Write a design. One that is the same as before changes nothing. `segments` are those of the
    policy in force."""
    before = await store.lock_experiment(session, tenant, name)
    if before is not None and before.design == design:
        return before
    unknown = unknown_segments(design, segments)
    if unknown:
        raise Invalid("The experiment is not valid.", unknown)
    if before is not None and before.status == "running":
        raise ExperimentRuns(
            f"the experiment {name!r} runs, and its accounts keep their arms; stop it first",
            _changed(before.design, design),
        )
    number = 1 if before is None else before.run + (before.status == "stopped")
    run = Run(name=name, run=number, design=design, status="draft", stored_at=at)
    await store.upsert_run(session, tenant, run)
    return run


def _changed(before: Design, after: Design) -> list[FieldError]:
    """What a running experiment does not let be changed."""
    return [
        FieldError(f"/{name}", "differs from what runs")
        for name in Design.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    ]


async def start_experiment(session: Session, tenant: str, name: str, *, at: datetime) -> Run:
    """Begin, or go on after a stop. Every account draws its arm in the background."""
    before = await _locked(session, tenant, name)
    if before.status == "running":
        raise WrongStatus(f"the experiment {name!r} runs already")
    run = replace(
        before, status="running", started_at=before.started_at or at, stopped_at=None, because=None
    )
    await store.upsert_run(session, tenant, run)
    because = f"experiment-started {name}"
    number = await begin_rescore(session, tenant, because=because, at=at)
    cause = Cause(id=f"rescoring {number}", because=because, time=at, day=None)
    started = announce_started(name, run.run, run.design, cause)
    outbox.append(session, [tenant_wide(tenant, started)])
    return run


async def stop_experiment(
    session: Session, tenant: str, name: str, *, because: str, at: datetime
) -> Run:
    """End it: its arms are no longer announced, and no account draws one any more."""
    before = await _locked(session, tenant, name)
    if before.status != "running":
        raise WrongStatus(f"the experiment {name!r} does not run; it is {before.status}")
    run = replace(before, status="stopped", stopped_at=at, because=because)
    await store.upsert_run(session, tenant, run)
    number = await begin_rescore(session, tenant, because=f"experiment-stopped {name}", at=at)
    cause = Cause(id=f"rescoring {number}", because=because, time=at, day=None)
    stopped = announce_stopped(name, run.run, cause)
    outbox.append(session, [tenant_wide(tenant, stopped)])
    return run


async def _locked(session: Session, tenant: str, name: str) -> Run:
    found = await store.lock_experiment(session, tenant, name)
    if found is None:
        raise no_experiment(name)
    return found


def no_experiment(name: str) -> NotFound:
    return NotFound(f"there is no experiment {name!r}")


async def get_run(session: Session, tenant: str, name: str) -> Run:
    """The latest run. Raises `NotFound`."""
    found = await store.find_run(session, tenant, name)
    if found is None:
        raise no_experiment(name)
    return found


async def apply_guardrails(
    session: Session,
    tenant: str,
    run: Run,
    tallies: Mapping[str, Tally],
    *,
    at: datetime,
) -> Checked:
    """Stop the experiment if a guardrail is broken and the run that was tallied is under way."""
    broken = tuple(breaches(run.design, tallies))
    now = await _locked(session, tenant, run.name)
    if now.run == run.run:
        run = now
        if broken and run.status == "running":
            because = broken[0].because
            run = await stop_experiment(session, tenant, run.name, because=because, at=at)
    return Checked(
        name=run.name,
        run=run.run,
        status=run.status,
        arms={
            arm: ArmFigures(
                accounts=tally.accounts,
                figures={name: sums.mean for name, sums in tally.figures.items()},
                segments=dict(sorted(tally.segments.items())),
            )
            for arm, tally in tallies.items()
        },
        breaches=broken,
    )
