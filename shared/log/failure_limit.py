"""Bad code or bad data: which keys failed in a row, of which tenants, over restarts too.

Accounts of one tenant whose messages fail are bad data, however many: each is parked, and nobody
else is concerned. Five in a row of several tenants, with nothing applied in between, are bad code,
which would put every account aside: then the process stops, and a new one that meets the next
failure stops again, until the code is mended or an operator decides about what was put aside. Two
of the five at least are not of the tenant that fails most: one tenant's bad data and a single
message of another's are not bad code.
"""

from shared.database import Database, Session
from shared.process import telemetry

FAILING_KEYS_MAX = 5
OTHERS_KEYS_MIN = 2  # of other tenants than the one that fails most

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
select tenant, raw_key from (
  select tenant, raw_key, row_number() over (partition by tenant order by raw_key) as number
    from (select distinct tenant, raw_key from dead_letters
           where consumer = $1 and not is_replaying and (key is not null or not is_ordered)
             and id > coalesce((select position from positions
                                 where consumer = $1 and source = $2 and part = ''), 0)) as failed
) as numbered where number <= $3
"""

log = telemetry.logger(__name__)


class BadCode(Exception):
    """Keys of several tenants failed in a row: that is bad code. The process should stop."""


class FailureLimit:
    """The keys of one consumer that failed since anything was applied, some of each tenant."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._keys: dict[str, set[str]] = {}  # by tenant

    async def load(self, db: Database) -> None:
        """Go on counting where the last process stopped. What an operator decided is no failure."""
        rows = await db.fetch(_UNANSWERED, self._consumer, _SOURCE, FAILING_KEYS_MAX)
        for row in rows:
            self._keys.setdefault(row["tenant"] or "", set()).add(shown(row["raw_key"]))

    def add(self, tenant: str | None, key: str) -> None:
        """Raises `BadCode`, before the message is put aside, when this is one too many."""
        keys = self._keys.setdefault(tenant or "", set())
        if len(keys) < FAILING_KEYS_MAX:
            keys.add(key)
            if len(keys) == FAILING_KEYS_MAX:
                log.error("consume.tenant_fails", consumer=self._consumer, tenant=tenant)
        numbers = sorted(map(len, self._keys.values()))
        if sum(numbers) >= FAILING_KEYS_MAX and sum(numbers[:-1]) >= OTHERS_KEYS_MIN:
            raise BadCode(
                f"{self._consumer}: keys of {len(numbers)} tenants failed in a row. Mend the code,"
                " or decide about the dead letters (replay or skip), and start again"
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
