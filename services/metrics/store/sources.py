"""Where the cells of a question are read: a subquery over the sums, the log and what is new.

By all that is known: the sums, and what is not merged yet. As of a moment: the sums less what the
log has of later, or the log up to then, whichever is shorter.
"""

from typing import Literal

from services.metrics.domain.slots import FAR, UNTIL_NOW
from services.metrics.store.merging import SLOTS_OF_A_DAY
from shared.database import Session

Way = Literal["sums", "sums_less_log", "log"]

_COLUMNS = "measure, currency, day, until_on, mark, segment, {fine}, channel, strategy, collector"
_ADDED = "amount, count, weight"
_FINE = _COLUMNS.format(fine="country, kind")
_COARSE = _COLUMNS.format(fine="'' as country, '' as kind")
_OF_MONTHS = _FINE.replace("until_on", f"'{FAR}'::date as until_on")


async def find_way(session: Session, tenant_id: str, recorded_before: int) -> Way:
    """Which way is the shortest to what was known then."""
    if recorded_before == UNTIL_NOW:
        return "sums"
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
    return "sums_less_log" if after <= before else "log"


def cells(
    way: Way, *, is_fine: bool, measures: str, since_month: str = "", cut: str = "cut = ''"
) -> str:
    """SQL: the cells of tenant `$1` known before `$2`, as a subquery with every column of a cell.

    `measures`: the parameter that names those wanted (`$3`). `is_fine`: by country and kind, too;
    else these are empty. `since_month`: the parameter of a day; what lies before its month comes as
    whole months, without `until_on` (of stocks only). The log knows all of this more finely.
    """
    scope = f"tenant_id = $1 and {cut} and measure = any({measures}::text[])"
    known = f"select {_FINE}, {_ADDED} from {{table}} where {scope} and known {{which}} $2"
    found = [known.format(table="cells_new", which="<")]
    if way == "log":
        return " union all ".join([*found, known.format(table="cells_log", which="<")])
    columns, table = (_FINE, "sums_fine") if is_fine else (_COARSE, "sums")
    sums = f"select {columns}, {_ADDED} from {table} where {scope}"
    if since_month:
        month = f"date_trunc('month', {since_month}::date)::date"
        found.append(f"{sums} and day >= {month}")
        found.append(
            f"select {_OF_MONTHS}, {_ADDED} from sums_months where {scope} and day < {month}"
        )
    else:
        found.append(sums)
    if way == "sums_less_log":
        later = known.format(table="cells_log", which=">=")
        found.append(later.replace(_ADDED, "-amount, -count, -weight"))
    return " union all ".join(found)
