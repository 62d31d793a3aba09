"""Rates between currencies, kept as facts and read by what was known of them."""

from services.metrics.domain.accounts import TENANT_ACCOUNT
from services.metrics.domain.kinds import rates
from services.metrics.domain.kinds.registry import unpack_item
from services.metrics.domain.rates import Rates
from services.metrics.store import cold
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
    content = content or await _put_away(session, tenant_id, to)
    facts = [] if content is None else unpack_item(rates.KIND.name, content).facts
    return rates.rates_known(to, facts, recorded_before)


async def _put_away(session: Session, tenant_id: str, to: str) -> bytes | None:
    """Rates that have not changed for long may lie among the cold items."""
    packed = await session.fetchval(
        "select content from items_cold where tenant_id = $1 and account_id = $2",
        tenant_id,
        TENANT_ACCOUNT,
    )
    items = [] if packed is None else cold.unpack(packed)
    wanted = rates.KIND.name, to
    return next((item.content for item in items if (item.kind, item.item_id) == wanted), None)
