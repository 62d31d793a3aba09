"""Rates between currencies, kept as facts and read by what was known of them."""

from services.metrics.domain.accounts import TENANT_ACCOUNT
from services.metrics.domain.kinds import rates
from services.metrics.domain.kinds.registry import unpack_item
from services.metrics.domain.rates import Rates
from shared.database import Session


async def find_rates(session: Session, tenant_id: str, to: str, recorded_before: int) -> Rates:
    """The rates into a currency that were known."""
    content = await session.fetchval(
        """
        select content from items
        where tenant_id = $1 and account_id = $2 and kind = $3 and item_id = $4
        """,
        tenant_id,
        TENANT_ACCOUNT,
        rates.KIND.name,
        to,
    )
    facts = [] if content is None else unpack_item(rates.KIND.name, content).facts
    return rates.rates_known(to, facts, recorded_before)
