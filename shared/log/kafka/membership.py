"""Whether another reader took our name in a consumer group.

The broker gives a name to whoever joins last, and forgets who had it before: that one learns it
with its next request, joins again, and so throws the other out. Twice in a row it is no chance:
then we end in words, before the two fill the logs.
"""

from typing import Any

from aiokafka.client import ConnectionGroup

from shared import clock
from shared.errors import WorkerEnds

TAKEN_MAX = 2
# The broker forgets by itself who was silent for the session; sooner, somebody has the name.
SESSION_SECONDS = 30.0
CALM_SECONDS = 300.0  # after which what was before does not count
_UNKNOWN_MEMBER, _FENCED = 25, 82  # the protocol's error codes


class NameTaken(WorkerEnds):
    """Two workers read under one name."""


class Membership:
    """Looks at what the group's coordinator answers one client."""

    def __init__(self, group: str, name: str) -> None:
        self._group = group
        self._name = name
        self._well_at: float | None = None  # when the broker last knew us
        self._taken_at: list[float] = []

    def watch(self, client: Any) -> None:
        """See what the coordinator answers the client (an `AIOKafkaConsumer`, not yet started)."""
        connections = client._client
        send = connections.send

        async def seen(node: Any, request: Any, **options: Any) -> Any:
            answered = await send(node, request, **options)
            if options.get("group") is ConnectionGroup.COORDINATION:
                self.note(getattr(answered, "error_code", None))
            return answered

        connections.send = seen

    def note(self, code: int | None) -> None:
        """What an answer of the coordinator's says; None: nothing of us."""
        now = clock.monotonic()
        if code == 0:
            self._well_at = now
            return
        was_well = self._well_at is not None and now - self._well_at < SESSION_SECONDS
        if code == _FENCED or (code == _UNKNOWN_MEMBER and was_well):
            self._well_at = None
            recent = [at for at in self._taken_at if now - at < CALM_SECONDS]
            self._taken_at = [*recent, now]

    def check(self) -> None:
        """Raises `NameTaken`."""
        if len(self._taken_at) >= TAKEN_MAX:
            raise NameTaken(
                f"another worker reads as {self._group} under the name {self._name}, with another "
                "database behind it: give one of the two another RECOUP_MEMBER"
            )
