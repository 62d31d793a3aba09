"""What figures keep less finely with time; no answer changes by it. All by business time."""

from datetime import UTC, date, datetime, timedelta

from services.metrics.domain.slots import SLOT_SECONDS, slot_of
from services.metrics.store import cold, compaction, generations
from services.metrics.store.business_times import list_business_times
from shared import clock
from shared.database import Session
from shared.database.retention import SLICE_ROWS_MAX, Rule

LOG_KEEPS_DAYS = 40  # quarters of an hour; then days
_DAYS_AT_ONCE = 7
_ACCOUNTS_AT_ONCE = 500


def rules(cold_after_months: int | None) -> list[Rule]:
    """What a worker's retention does by the hour."""
    found = [Rule("cells_log", compact_log)]
    if cold_after_months is not None:
        found.append(Rule("items_cold", GoingCold(cold_after_months).move))
    return found


async def compact_log(session: Session) -> int:
    """One tenant's log, a week at most; a full slice where more is to be done."""
    generation = await generations.current(session)
    for tenant, zone, latest in await list_business_times(session):
        since = await compaction.find_compacted(session, tenant)
        end = clock.local_day(latest, zone) - timedelta(days=LOG_KEEPS_DAYS)
        if since is None or since >= _slot(end, zone):
            continue
        day = clock.local_day(datetime.fromtimestamp(since * SLOT_SECONDS, UTC), zone)
        last = min(day + timedelta(days=_DAYS_AT_ONCE), end)
        starts = [_slot(day + timedelta(days=n), zone) for n in range((last - day).days)]
        await compaction.compact(session, generation.number, tenant, starts, _slot(last, zone))
        return SLICE_ROWS_MAX
    return 0


class GoingCold:
    """Walks through the accounts of each tenant, once for each of its business days."""

    def __init__(self, months: int) -> None:
        self._months = months
        self._walked: dict[tuple[int, str], date] = {}  # by generation and tenant
        self._after: dict[tuple[int, str], str] = {}  # of a walk that was begun

    async def move(self, session: Session) -> int:
        """One slice of accounts; a full one where more is to be done."""
        generation = (await generations.current(session)).number
        for tenant, zone, latest in await list_business_times(session):
            key = generation, tenant
            since = months_before(clock.local_day(latest, zone), self._months)
            if self._walked.get(key) == since:
                continue
            last, _ = await cold.move_to_cold(
                session,
                tenant,
                self._after.get(key, ""),
                _ACCOUNTS_AT_ONCE,
                ended_before=since,
                known=_slot(since, zone),
            )
            session.after_commit(lambda: self._note(key, since, last))  # noqa: B023 # it returns
            return SLICE_ROWS_MAX
        return 0

    def _note(self, key: tuple[int, str], since: date, last: str | None) -> None:
        if last is None:
            self._after.pop(key, None)
            self._walked[key] = since
        else:
            self._after[key] = last


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before the day's."""
    number = day.year * 12 + day.month - 1 - months
    return date(max(1, number // 12), number % 12 + 1, 1)


def _slot(day: date, zone: str) -> int:
    return slot_of(clock.day_start(day, zone))
