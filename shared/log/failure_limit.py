"""Bad code or bad data: how many keys failed in a row, over restarts too.

A few accounts whose messages fail are bad data. Five in a row with nothing applied in between are
bad code, which would put every account aside: then the process stops, and a new one that meets the
next failure stops again, until the code is mended or an operator decides about what was put aside.
"""

from shared.database import Database, Session

FAILING_KEYS_MAX = 5

# Kept as a position: the newest dead letter that something was applied after.
_SOURCE = "dead letters"
_KEY_MAX = 1_000  # bytes of a key, by which keys are told apart

_NOTE_APPLIED = """
insert into positions as p (consumer, source, part, position)
select $1, $2, '', coalesce(max(id), 0) from dead_letters where consumer = $1
on conflict (consumer, source, part) do update
   set position = greatest(p.position, excluded.position)
"""

_UNANSWERED = """
select distinct raw_key from dead_letters
 where consumer = $1 and not is_replaying and (key is not null or not is_ordered)
   and id > coalesce((select position from positions
                       where consumer = $1 and source = $2 and part = ''), 0)
"""


class BadCode(Exception):
    """Different keys failed in a row: that is bad code, not bad data. The process should stop."""


class FailureLimit:
    """The keys of one consumer that failed since anything was applied."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._keys: set[str] = set()

    async def load(self, db: Database) -> None:
        """Go on counting where the last process stopped. What an operator decided is no failure."""
        rows = await db.fetch(_UNANSWERED, self._consumer, _SOURCE)
        self._keys |= {shown(row["raw_key"]) for row in rows}

    def add(self, key: str) -> None:
        """Raises `BadCode`, before the message is put aside, when this is one too many."""
        self._keys.add(key)
        if len(self._keys) >= FAILING_KEYS_MAX:
            raise BadCode(
                f"{self._consumer}: {len(self._keys)} different keys failed in a row. Mend the "
                "code, or decide about the dead letters (replay or skip), and start again"
            )

    async def note_applied(self, session: Session) -> None:
        """In the transaction of the effect: what failed before it is answered."""
        if self._keys:
            await session.execute(_NOTE_APPLIED, self._consumer, _SOURCE)

    def clear(self) -> None:
        """That transaction was committed."""
        self._keys.clear()


def shown(key: bytes | None) -> str:
    """A log key for people to read."""
    return (key or b"")[:_KEY_MAX].decode("utf-8", "replace")
