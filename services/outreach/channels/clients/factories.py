"""Which adapter is opened for which kind of provider. A new kind is one line here, its members in
`domain/provider_kinds.py`, and the suite of `tests/integration/outreach/channels/`."""

from collections.abc import Mapping
from functools import partial

from services.outreach.channels.clients.channel_log import ChannelLog
from services.outreach.channels.clients.dialler import open_dialler
from services.outreach.channels.clients.letters import open_folder, open_put
from services.outreach.channels.clients.mail import open_mail
from services.outreach.channels.clients.portal import open_portal
from services.outreach.channels.clients.registry import Factory
from services.outreach.channels.clients.smpp import open_smpp
from services.outreach.channels.clients.twilio import open_twilio
from services.outreach.channels.clients.webhook import open_webhook

FACTORIES: Mapping[str, Factory] = {
    "folder": open_folder,
    "http-put": open_put,
    "smtp": open_mail,
    "webhook": open_webhook,
}


def factories(log: ChannelLog) -> Mapping[str, Factory]:
    """All of them; `log` keeps what adapters learn."""
    return {
        **FACTORIES,
        "dialler": partial(open_dialler, log),
        "portal": partial(open_portal, log),
        "smpp": partial(open_smpp, log),
        "twilio": partial(open_twilio, log),
    }
