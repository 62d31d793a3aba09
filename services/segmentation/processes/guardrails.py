"""Compare the arms of experiments with their guardrails, over all accounts of a tenant."""

from services.segmentation.commands.business_time import business_now
from services.segmentation.commands.experiments import Checked, apply_guardrails, get_run
from services.segmentation.context import Context
from services.segmentation.domain.experiments import Experiment
from services.segmentation.domain.guardrails import Tally, tally_accounts
from services.segmentation.store import experiments as store
from shared.errors import Unavailable
from shared.process import telemetry

SLICE_ACCOUNTS = 2_000

log = telemetry.logger(__name__)


async def check_experiment(context: Context, tenant: str, name: str) -> Checked:
    """Compare the arms, and stop the experiment if a guardrail is broken. Raises `NotFound`."""
    async with context.db.reading() as session:
        run = await get_run(session, tenant, name)
    tallies = await _tallies(context, tenant, run)
    async with context.db.transaction() as session:
        at = await business_now(session, tenant, context.clock)
        return await apply_guardrails(session, tenant, run, tallies, at=at)


async def check_experiments(context: Context, tenant: str) -> list[Checked]:
    """The same of all that run."""
    async with context.db.reading() as session:
        found = await store.find_running(session, [tenant])
    return [await check_experiment(context, tenant, one.name) for one in found.get(tenant, ())]


async def check_all(context: Context) -> None:
    """Every experiment of every tenant. What fails of one tenant spares the others."""
    async with context.db.reading() as session:
        tenants = await store.list_tenants(session)
    for tenant in tenants:
        try:
            found = await check_experiments(context, tenant)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - logged; one tenant's fault is not the others'
            log.warning("guardrails.failed", tenant=tenant, reason=str(error))
            continue
        for checked in found:
            if checked.breaches:
                because = checked.breaches[0].because
                log.warning("experiment.stopped", tenant=tenant, name=checked.name, because=because)


async def _tallies(context: Context, tenant: str, run: store.Run) -> dict[str, Tally]:
    """The figures of each arm, of the accounts that drew it in this run."""
    one = Experiment(tenant=tenant, name=run.name, run=run.run, design=run.design)
    tallies = {arm.name: Tally() for arm in run.design.arms}
    after = ""
    while True:
        async with context.db.reading() as session:
            accounts = await store.list_enrolled(session, tenant, after=after, limit=SLICE_ACCOUNTS)
        if accounts:
            after = accounts[-1].account_id
            tallies = await context.compute.run(tenant, tally_accounts, one, accounts, tallies)
        if len(accounts) < SLICE_ACCOUNTS:
            return tallies
