"""A dialler of the tenant's own: it comes for its calls (`/v1/dialler/calls`), none is pushed.

A run only offers calls to it. `go` is the hand-over: there the script is given out.
"""

from services.outreach.channels.clients.carried import script_in_time
from services.outreach.channels.clients.channel_log import ScriptShelf
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.call_scripts import CallScript
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Sent,
)


class DiallerChannel:
    """Keeps the script that `go` answers with."""

    def __init__(self, tenant: str, provider: str, shelf: ScriptShelf) -> None:
        self._tenant = tenant
        self._provider = provider
        self._shelf = shelf

    async def send(self, intent: Intent) -> Sent:
        script = await script_in_time(intent)
        if not isinstance(script, str):
            return script
        token = intent.callback_token
        await self._shelf.put(CallScript(self._tenant, self._provider, token, script))
        return Accepted(intent.contact_id)

    async def find(self, intent: Intent) -> Found:
        return CannotSay()  # only the dialler knows, and it tells by its result

    async def close(self) -> None:
        """It holds nothing."""


def open_dialler(shelf: ScriptShelf, setup: ProviderSetup) -> DiallerChannel:
    """Of a provider of the kind `dialler`."""
    return DiallerChannel(setup.tenant, setup.name, shelf)
