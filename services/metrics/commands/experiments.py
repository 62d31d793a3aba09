"""The analysis of an experiment: written before the run starts."""

from services.metrics.domain.announced import EXPERIMENTS, runs_of
from services.metrics.domain.experiments.analysis import Analysis
from services.metrics.domain.slots import UNTIL_NOW
from services.metrics.store import experiments as store
from services.metrics.store.announcements import list_announcements
from services.metrics.store.business_times import get_business_time
from services.metrics.store.changes import announce_change
from shared.database import Session
from shared.errors import Conflict


async def write_analysis(
    session: Session, tenant: str, name: str, run: int | None, analysis: Analysis, *, by: str
) -> int:
    """Keep it for a run; which that is: by default the one that runs, or the next if none does.
    Raises `Conflict` once it started."""
    zone, _ = await get_business_time(session, tenant)
    kept = await list_announcements(session, tenant, EXPERIMENTS, UNTIL_NOW)
    runs = [each for each in runs_of(kept, zone) if each.name == name]
    started = [each.run for each in runs]
    is_running = bool(runs) and runs[-1].status == "running"
    wanted = run or max(started, default=0) + (0 if is_running else 1)
    if wanted in started:
        raise Conflict(
            f"run {wanted} of {name} has started: what it compares can no longer be chosen",
            members={"run": wanted},
        )
    await store.upsert_analysis(session, tenant, name, wanted, analysis, by=by)
    await announce_change(session, tenant, "experiment", {"name": name, "run": wanted})
    return wanted
