"""A dialler of the tenant's own: it comes for its calls (`/v1/dialler/calls`), none is pushed."""

from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import CannotSay, Found, Intent, Later, Sent


class DiallerChannel:
    """Nobody is called by it: `go` is the hand-over, and the dialler asks for it."""

    async def send(self, intent: Intent) -> Sent:
        return Later("waits-for-dialler", blame="unclear")

    async def find(self, intent: Intent) -> Found:
        return CannotSay()  # only the dialler knows, and it tells by its result

    async def close(self) -> None:
        """It holds nothing."""


def open_dialler(setup: ProviderSetup) -> DiallerChannel:
    """Of a provider of the kind `dialler`."""
    return DiallerChannel()
