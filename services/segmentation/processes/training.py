"""Train a model on a tenant's own history and keep it in the registry; test on the same history."""

from datetime import date
from typing import Any

from services.segmentation.commands.business_time import business_day
from services.segmentation.context import Context
from services.segmentation.domain.learning_jobs import BacktestOrder, backtest_on, train_on
from services.segmentation.learning.portfolio import Indices
from services.segmentation.learning.trial import Training, TrainingOrder
from services.segmentation.processes.population import packed_facts
from services.segmentation.store.figures import indices_of
from shared.errors import Invalid

TRAINING_SECONDS_MAX = 600.0  # 100,000 invoices take about 20


async def train_model(context: Context, tenant: str, order: TrainingOrder) -> Training:
    """Read all that is known, then train and test on it; `commands.models.keep_models` keeps it.

    Raises `Invalid` where there is too little to learn from.
    """
    indices, today = await _known(context, tenant)
    facts = await packed_facts(context, tenant)
    return await context.compute.run(
        tenant, train_on, facts, indices, today, order, seconds=TRAINING_SECONDS_MAX
    )


async def run_backtest(context: Context, tenant: str, order: BacktestOrder) -> dict[str, Any]:
    """Train on the first part of the history and test on the rest. Nothing is kept."""
    indices, today = await _known(context, tenant)
    facts = await packed_facts(context, tenant)
    return await context.compute.run(
        tenant, backtest_on, facts, indices, today, order, seconds=TRAINING_SECONDS_MAX
    )


async def _known(context: Context, tenant: str) -> tuple[Indices, date]:
    async with context.db.reading() as session:
        today = await business_day(session, tenant, context.clock)
        if today is None:
            raise Invalid("There is nothing to learn from: no account is known yet.")
        return await indices_of(session, tenant), today
