"""Which replies are answered at once: a STOP, and a promise that the ledger has taken down."""

from datetime import date
from typing import Any, Protocol

from services.outreach.activity.domain.contacts import PromisedAmount
from services.outreach.dunning.domain.service_messages import ServiceChannel, ServiceMessage
from services.outreach.inbound.domain.decisions import ReplyAnswer
from services.outreach.inbound.domain.incoming import Incoming
from services.outreach.inbound.domain.items import OpenItem

_CHANNELS: dict[str, ServiceChannel] = {"email": "email", "sms": "sms"}


class Owned(Protocol):
    """Whose address it is."""

    @property
    def owners(self) -> dict[str, str]: ...  # accounts with the address: their debtors


def confirmation(
    item: OpenItem, incoming: Incoming, match: Owned, answer: ReplyAnswer, given: object
) -> ServiceMessage | None:
    """What is sent back, to the address that wrote, if it is known to be the debtor's. `given`: the
    ledger's answer to the command."""
    channel, address = _CHANNELS.get(item.channel), incoming.address
    if channel is None or address is None or not match.owners:
        return None
    cause = f"inbound {item.inbound_id}"
    if answer.is_consent_revoked:
        return ServiceMessage(
            template="stop-confirmed",
            account_id=min(match.owners),
            channel=channel,
            address=address,
            cause=cause,
            asked_at=item.received_at,
        )
    command = answer.command
    promise = _promise(given)
    if command is None or command.name != "promise" or promise is None:
        return None
    if command.account_id not in match.owners:
        return None
    return ServiceMessage(
        template="promise-made",
        account_id=command.account_id,
        channel=channel,
        address=address,
        cause=cause,
        asked_at=item.received_at,
        promise=promise,
    )


def _promise(given: object) -> PromisedAmount | None:
    """As the ledger shows it."""
    if not isinstance(given, dict):
        return None
    members: dict[str, Any] = given
    try:
        return PromisedAmount(
            str(members["promise_id"]),
            str(members["currency"]),
            int(members["amount_minor"]),
            date.fromisoformat(str(members["due_on"])),
        )
    except (KeyError, TypeError, ValueError):
        return None
