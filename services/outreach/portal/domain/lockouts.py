"""How often somebody may answer wrongly: five times lock a link for an hour, ten of a day until
midnight. Machine time, on the account's calendar."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.clock import day_start, local_day

WRONG_LOCKS = 5
WRONG_LOCKS_DAY = 10
LOCK = timedelta(hours=1)


def locked_until(wrong_at: Sequence[datetime], zone: str, now: datetime) -> datetime | None:
    """When answers are taken again; None: they are. `wrong_at`: in order, those of the last days
    too."""
    today = local_day(now, zone)
    of_today = [at for at in wrong_at if local_day(at, zone) == today]
    if len(of_today) >= WRONG_LOCKS_DAY:
        return day_start(today + timedelta(days=1), zone)
    if len(of_today) < WRONG_LOCKS:
        # Five that end after midnight lock too.
        recent = [at for at in wrong_at if at > now - LOCK]
        return recent[WRONG_LOCKS - 1] + LOCK if len(recent) >= WRONG_LOCKS else None
    until = of_today[WRONG_LOCKS - 1] + LOCK
    return until if now < until else None


def kept(wrong_at: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """What still counts, or may: of two days."""
    return tuple(at for at in wrong_at if at > now - timedelta(days=2))[-WRONG_LOCKS_DAY * 2 :]
