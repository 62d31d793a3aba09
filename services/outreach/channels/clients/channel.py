"""What an adapter of a channel offers: the same for all of them."""

from typing import Protocol, runtime_checkable

from services.outreach.channels.domain.contract import Found, Intent, Sent


class Channel(Protocol):
    """A way to reach people, over one provider."""

    async def send(self, intent: Intent) -> Sent: ...

    async def find(self, intent: Intent) -> Found: ...

    async def close(self) -> None: ...


@runtime_checkable
class Listener(Protocol):
    """A channel whose provider hands things over by itself, once it is connected."""

    def listen(self) -> None: ...
