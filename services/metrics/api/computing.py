"""What no longer needs the database: done at once if it is little, else in the tenant's place."""

from collections.abc import Callable, Sequence
from typing import TypeVar, TypeVarTuple

from services.metrics.context import Context
from services.metrics.domain.answers import Figured

# From so many parts × groups on, an answer takes tens of milliseconds: it is computed elsewhere.
FIGURES_HERE_MAX = 500

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def compute(
    context: Context,
    tenant_id: str,
    work: Callable[[Sequence[Figured], *Ts], T],
    figured: Sequence[Figured],
    *more: *Ts,
) -> T:
    """What `work` makes of them."""
    if sum(each.size for each in figured) <= FIGURES_HERE_MAX:
        return work(figured, *more)
    return await context.pool.run(tenant_id, work, figured, *more)
