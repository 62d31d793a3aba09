"""Where the cells of a question are read: a subquery over the sums, the log and what is new.

By all that is known: the sums, and what is not merged yet. As of a moment: the sums less what the
log has of later, or the log up to then, whichever is shorter.
"""

from services.metrics.domain.slots import FAR
from services.metrics.store.merging import SLOTS_OF_A_DAY

_ADDED = "amount, count, weight"
_FINE = (
    "measure, currency, day, until_on, mark, cut, segment, country, kind, channel, strategy,"
    " collector"
)
_COARSE = _FINE.replace("country, kind", "'' as country, '' as kind")
_OF_MONTHS = _FINE.replace("until_on", f"'{FAR}'::date as until_on")


def cells(
    *, tenant: str, known: str, where: str, is_as_of: bool, is_fine: bool, since_month: str = ""
) -> str:
    """SQL: the cells of a tenant that were known, as a subquery with every column of a cell.

    `tenant` and `known` are parameters; `where` holds for each of the tables. `is_as_of`: not by
    all that is known. `is_fine`: by country and kind, too; else these are empty. `since_month`: the
    parameter of a day; what lies before its month comes as whole months, without `until_on` (of
    stocks only).
    """
    where = f"tenant_id = {tenant} and {where}"
    new = f"select {_FINE}, {_ADDED} from cells_new where {where} and known < {known}::int"
    columns, table = (_FINE, "sums_fine") if is_fine else (_COARSE, "sums")
    sums = f"select {columns}, {_ADDED} from {table} where {where}"
    found = [sums]
    if since_month:
        month = f"date_trunc('month', {since_month}::date)::date"
        months = f"select {_OF_MONTHS}, {_ADDED} from sums_months where {where}"
        found = [f"{sums} and day >= {month}", f"{months} and day < {month}"]
    if not is_as_of:
        return " union all ".join([new, *found])
    from_end = _is_shorter_from_its_end(tenant, known)
    found.append(
        f"select {_FINE}, -amount, -count, -weight from cells_log "
        f"where {where} and known >= {known}::int"
    )
    found = [f"{each} and {from_end}" for each in found]
    found.append(
        f"select {_FINE}, {_ADDED} from cells_log "
        f"where {where} and known < {known}::int and not {from_end}"
    )
    return " union all ".join([new, *found])


def _is_shorter_from_its_end(tenant: str, known: str) -> str:
    """SQL: whether the log is shorter after a moment than before it. The database answers this
    first, and reads only what is needed then."""
    day = f"{known}::int / {SLOTS_OF_A_DAY}"
    return f"""(
        select coalesce(sum(rows) filter (where known_day >= {day}), 0)
            <= coalesce(sum(rows) filter (where known_day < {day}), 0)
        from log_sizes where tenant_id = {tenant}
    )"""
