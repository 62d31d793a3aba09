"""Try a policy on today's accounts: how many would move from which segment to which."""

from services.segmentation.context import Context
from services.segmentation.domain.policy_trial import Trial, begin_trial, try_accounts
from services.segmentation.processes.population import slices_of


async def try_policy(context: Context, tenant: str, source: str) -> Trial:
    """Nothing is changed. Raises `Invalid` or `Unreadable` for a bad policy."""
    counts = await context.compute.run(tenant, begin_trial, source)
    async with context.db.reading() as session:
        rules = (await context.rules.of(session, {tenant}))[tenant]
    async for found in slices_of(context, tenant):
        counts = await context.compute.run(
            tenant, try_accounts, source, rules.scorers, rules.indices, found, counts
        )
    return counts.report()
