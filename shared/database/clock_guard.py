"""Whether the machine's clock may be believed, before what can't be undone: a day that begins by
itself, a run of contacts (docs/decisions/0016-a-clock-that-is-not-believed.md).

What speaks against it places a hold. Those about the clock itself end by themselves when it is
right again; else a person confirms it by a release. With the manual clock the time is a person's
choice, and only holds count.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from shared import clock
from shared.business_time import Clock
from shared.database import holds
from shared.database.database import Database
from shared.database.holds import ALL_TENANTS, Hold, HoldKey

DIFFERENCE_MAX = timedelta(minutes=5)
DRIFT_MAX = 0.01  # of the time that goes by: ten times what a time server corrects by slewing
GAP_MAX = timedelta(hours=36)  # a day and a half: each day begins within a day of the one before

DIFFERENCE = "clock-difference"  # from the database's clock
JUMP = "clock-jump"  # ahead, while this process ran
BEHIND = "clock-behind"  # what was recorded already
GAP = "clock-gap"  # since the last time, of one tenant

_OWN = frozenset({DIFFERENCE, JUMP, BEHIND, GAP})
_ITSELF = "the clock guard"
_UNSEEN = timedelta(minutes=5)  # then whoever saw a difference is gone, or sees it no more
_CONFIRMED = timedelta(days=1)  # so long a difference is taken as confirmed

_SERVER = """
select clock_timestamp() as now, (select recorded_at from outbox order by seq desc limit 1) as last
"""


class _Finding(NamedTuple):
    """Something that speaks against the clock."""

    name: str
    tenant: str
    reason: str
    measure: float  # seconds: of a difference or jump, or since 1970

    @property
    def key(self) -> HoldKey:
        return self.name, self.tenant


class _Look(NamedTuple):
    """All clocks at one instant."""

    machine: datetime
    server: datetime
    recorded_at: datetime | None  # the newest event of ours, by the server's clock
    offset: float  # of the machine's clock from one that nobody sets
    believed: timedelta  # how long ago this process last believed it


class ClockGuard:
    """One in each process: what it has seen of the clock since it started."""

    def __init__(self, db: Database, mode: Clock, *, last: str) -> None:
        """`last` is what `checked` is told the instant of, in words."""
        self._db = db
        self._mode = mode
        self._last = last
        self._offset, self._believed_at = _offset(), clock.steady()
        self._seen: set[str] = set()  # names of what this process found and has not seen end

    async def checked(self, tenant: str, last: datetime | None) -> datetime:
        """The machine's instant, for something done for the tenant now; `last`: the time before.

        Raises `Held` where the clock is not believed, or anything else holds the tenant up.
        """
        if self._mode == "manual":
            await holds.refuse_if_held(self._db, tenant)
            return clock.now()
        look = await self._look()
        known = await holds.find_holds(self._db, tenant)
        found = self._findings(look, tenant, last, known)
        ended = [
            hold
            for key, hold in known.items()
            if key not in {one.key for one in found} and self._has_ended(hold, look)
        ]
        if found or ended:
            async with self._db.transaction() as session:
                for hold in ended:
                    await holds.release(session, hold.name, by=_ITSELF, tenant=hold.tenant)
                for one in found:
                    await holds.place(
                        session, one.name, one.reason, tenant=one.tenant, measure=one.measure
                    )
            known = await holds.find_holds(self._db, tenant)
        self._seen = {one.name for one in found}
        if not found:
            self._believe(look)
        holds.refuse_standing(known)
        return look.machine

    def has_jumped(self) -> bool:
        """Whether the clock went ahead since it was last believed: seen without the database."""
        return _offset() - self._offset > DIFFERENCE_MAX.total_seconds()

    def _believe(self, look: _Look) -> None:
        """Go with the clock: with one that drifts as clocks do, but not with step after step."""
        ahead = look.offset - self._offset
        if ahead <= DIFFERENCE_MAX.total_seconds():  # else a person has confirmed the jump
            ahead = min(ahead, look.believed.total_seconds() * DRIFT_MAX)
        self._offset += ahead
        self._believed_at = clock.steady()

    # ------------------------------------------------------------------ what speaks against it

    async def _look(self) -> _Look:
        (row,) = await self._db.fetch(_SERVER)
        believed = timedelta(seconds=clock.steady() - self._believed_at)
        return _Look(clock.now(), row["now"], row["last"], _offset(), believed)

    def _findings(
        self, look: _Look, tenant: str, last: datetime | None, known: dict[HoldKey, Hold]
    ) -> list[_Finding]:
        """What no person has confirmed. A gap says little while the clock itself is in doubt."""
        doubts = [one for one in self._doubts(look) if not _is_confirmed(one, look, known)]
        if doubts or last is None or look.machine - last <= GAP_MAX:
            return doubts
        gap = self._gap(look, tenant, last)
        return [] if _is_confirmed(gap, look, known) else [gap]

    def _doubts(self, look: _Look) -> Iterator[_Finding]:
        now = _shown(look.machine)
        difference = look.machine - look.server
        jump = timedelta(seconds=look.offset - self._offset)
        if abs(difference) > DIFFERENCE_MAX:
            reason = (
                f"the machine's clock says {now}, the database's {_shown(look.server)}. Set the"
                " wrong one right; this ends by itself then"
            )
            yield _Finding(DIFFERENCE, ALL_TENANTS, reason, difference.total_seconds())
        elif jump > DIFFERENCE_MAX and not self._seen & {DIFFERENCE, BEHIND}:  # else: set right
            reason = (
                f"the machine's clock went {_length(jump)} ahead at once, or step by step, and says"
                f" {now}. Set it"
                f" right, and this ends by itself; if it is right, {_release(JUMP)}"
            )
            yield _Finding(JUMP, ALL_TENANTS, reason, jump.total_seconds())
        if look.recorded_at is not None and look.recorded_at - look.machine > DIFFERENCE_MAX:
            reason = (
                f"the machine's clock says {now}, and something was recorded at"
                f" {_shown(look.recorded_at)} already. Set it right, and this ends by itself; if it"
                f" is right, {_release(BEHIND)}"
            )
            yield _Finding(BEHIND, ALL_TENANTS, reason, look.recorded_at.timestamp())

    def _gap(self, look: _Look, tenant: str, last: datetime) -> _Finding:
        reason = (
            f"the clock says {_shown(look.machine)}, {_length(look.machine - last)} after"
            f" {self._last} ({_shown(last)}). If that is right, and nothing ran for so long,"
            f" {_release(GAP)}"
        )
        return _Finding(GAP, tenant, reason, look.machine.timestamp())

    def _has_ended(self, hold: Hold, look: _Look) -> bool:
        """Whether a hold that is not found any more goes. Not everybody sees what one has seen."""
        if hold.released_at is not None or hold.name not in _OWN:
            return False
        if hold.name == DIFFERENCE:
            is_fresh = timedelta() <= look.server - hold.seen_at <= _UNSEEN
            return hold.name in self._seen or not is_fresh
        return hold.name != JUMP or hold.name in self._seen


def _is_confirmed(one: _Finding, look: _Look, known: dict[HoldKey, Hold]) -> bool:
    """Whether a person has released just this."""
    if one.name == GAP:  # whoever confirmed the clock has confirmed the gap with it
        return any(
            _is_by_person(hold) and _is_near(hold, look)
            for hold in known.values()
            if hold.name in _OWN
        )
    hold = known.get(one.key)
    if hold is None or not _is_by_person(hold) or hold.measure is None:
        return False
    if one.name == BEHIND:
        return one.measure <= hold.measure
    assert hold.released_at is not None
    # A jump: since this process last believed the clock, or it is an earlier one that was meant.
    lately = _CONFIRMED if one.name == DIFFERENCE else look.believed + DIFFERENCE_MAX
    is_lately = abs(look.server - hold.released_at) <= lately
    return is_lately and abs(one.measure - hold.measure) <= DIFFERENCE_MAX.total_seconds()


def _is_by_person(hold: Hold) -> bool:
    return hold.released_at is not None and hold.released_by != _ITSELF


def _is_near(hold: Hold, look: _Look) -> bool:
    """Whether the clock, when it was confirmed, said about what it says now."""
    assert hold.released_at is not None
    if abs(look.machine - hold.released_at) <= GAP_MAX:
        return True
    seen = hold.measure if hold.name == GAP else None
    return seen is not None and abs(look.machine.timestamp() - seen) <= GAP_MAX.total_seconds()


def _offset() -> float:
    return clock.now().timestamp() - clock.steady()


def _shown(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _length(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    if hours < 2:
        return f"{round(hours * 60)} minutes"
    return f"{round(hours)} hours" if hours < 72 else f"{round(hours / 24)} days"


def _release(name: str) -> str:
    return f"release it: POST /v1/holds/{name}/release, or make holds ARGS='release {name}'"
