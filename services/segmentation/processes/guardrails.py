"""Compare the arms of experiments with their guardrails, over all accounts of a tenant."""

from services.segmentation.commands.business_time import business_now
from services.segmentation.commands.experiments import Checked, apply_guardrails, get_run
from services.segmentation.context import Context
from services.segmentation.domain.experiments import Experiment
from services.segmentation.domain.guardrails import Tally, tally_accounts
from services.segmentation.store import experiments as store
from shared.process import telemetry
from shared.process.failures import survived

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
    return [
        await check_experiment(context, tenant, name) for name in await _running(context, tenant)
    ]


async def check_all(context: Context) -> None:
    """Every experiment of every tenant. What fails of one spares the others."""
    async with context.db.reading() as session:
        tenants = await store.list_tenants(session)
    for tenant in tenants:
        with survived("segmentation", "guardrails", tenant=tenant):
            for name in await _running(context, tenant):
                with survived("segmentation", "guardrails", tenant=tenant, experiment=name):
                    _say(tenant, name, await check_experiment(context, tenant, name))


async def _running(context: Context, tenant: str) -> list[str]:
    async with context.db.reading() as session:
        found = await store.find_running(session, [tenant])
    return [one.name for one in found.get(tenant, ())]


def _say(tenant: str, name: str, checked: Checked) -> None:
    if checked.breaches:
        because = checked.breaches[0].because
        log.warning("experiment.stopped", tenant=tenant, experiment=name, because=because)


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
