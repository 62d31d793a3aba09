"""Where the cells of a question are read: a subquery over the sums, the log and what is new.

By all that is known: the sums, and what is not merged yet. As of a moment: the sums less what the
log has of later, or the log up to then, whichever is shorter.
"""

from typing import Literal, NamedTuple

from services.metrics.domain.slots import FAR, UNTIL_NOW
from services.metrics.store.merging import SLOTS_OF_A_DAY
from shared.database import Session

Way = Literal["sums", "sums_less_log", "log"]

_ADDED = "amount, count, weight"
_FINE = (
    "measure, currency, day, until_on, mark, cut, segment, country, kind, channel, strategy,"
    " collector"
)
_COARSE = _FINE.replace("country, kind", "'' as country, '' as kind")
_OF_MONTHS = _FINE.replace("until_on", f"'{FAR}'::date as until_on")


class Scope(NamedTuple):
    """Whose figures, by what was known before which moment, and where these are found."""

    tenant_id: str
    recorded_before: int
    way: Way


async def find_scope(session: Session, tenant_id: str, recorded_before: int) -> Scope:
    """With the shortest way to what was known then."""
    if recorded_before == UNTIL_NOW:
        return Scope(tenant_id, recorded_before, "sums")
    row = await session.fetchrow(
        """
        select coalesce(sum(rows) filter (where known_day >= $2), 0),
            coalesce(sum(rows) filter (where known_day < $2), 0)
        from log_sizes where tenant_id = $1
        """,
        tenant_id,
        recorded_before // SLOTS_OF_A_DAY,
    )
    after, before = row if row else (0, 0)
    return Scope(tenant_id, recorded_before, "sums_less_log" if after <= before else "log")


def cells(
    way: Way,
    *,
    is_fine: bool,
    where: str,
    tenant: str = "$1",
    known: str = "$2",
    since_month: str = "",
) -> str:
    """SQL: the cells of a tenant that were known, as a subquery with every column of a cell.

    `where` holds for each of its tables; `tenant` and `known` are parameters. `is_fine`: by country
    and kind, too; else these are empty. `since_month`: the parameter of a day; what lies before its
    month comes as whole months, without `until_on` (of stocks only).
    """
    where = f"tenant_id = {tenant} and {where}"
    found = [f"select {_FINE}, {_ADDED} from cells_new where {where} and known < {known}"]
    if way == "log":
        found.append(f"select {_FINE}, {_ADDED} from cells_log where {where} and known < {known}")
        return " union all ".join(found)
    columns, table = (_FINE, "sums_fine") if is_fine else (_COARSE, "sums")
    sums = f"select {columns}, {_ADDED} from {table} where {where}"
    if since_month:
        month = f"date_trunc('month', {since_month}::date)::date"
        sums += f" and day >= {month}"
        found.append(
            f"select {_OF_MONTHS}, {_ADDED} from sums_months where {where} and day < {month}"
        )
    found.append(sums)
    if way == "sums_less_log":
        found.append(
            f"select {_FINE}, -amount, -count, -weight from cells_log "
            f"where {where} and known >= {known}"
        )
    return " union all ".join(found)
