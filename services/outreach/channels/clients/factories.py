"""Which adapter is opened for which kind of provider. A new kind is one line here, its members in
`domain/provider_kinds.py`, and the suite of `tests/integration/outreach/channels/`."""

from collections.abc import Mapping

from services.outreach.channels.clients.mail import open_mail
from services.outreach.channels.clients.registry import Factory

FACTORIES: Mapping[str, Factory] = {"smtp": open_mail}
