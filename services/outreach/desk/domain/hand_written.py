"""A message that a person sends by hand: about all that is overdue, past gap and caps, but past no
rule, and at most one message a day as always."""

from collections.abc import Sequence
from datetime import date, datetime

from services.outreach.activity.domain.contacts import (
    BY_HAND,
    BY_HAND_SERVICE,
    Cover,
    DebtorContact,
    Item,
    MessageChannel,
    Tone,
)
from services.outreach.debtors.domain.invoices import Invoice
from shared import ids
from shared.clock import local_day

STRATEGY = "by-hand"  # of no strategy
VERSION = "1"


def message_by_hand(
    tenant: str,
    account_id: str,
    debtor: tuple[str, str | None],  # key and id
    zone: str,
    invoices: Sequence[Invoice],
    channel: MessageChannel,
    template: str,
    tone: Tone,
    at: datetime,
) -> DebtorContact:
    """Its id is made of the minute: the same again within it is the same message."""
    minute = int(at.timestamp()) // 60
    overdue = tuple(i.invoice_id for i in invoices if i.stage is not None)
    reaction = BY_HAND if overdue else BY_HAND_SERVICE
    item = Item(
        account_id=account_id,
        subject_id=account_id,
        anchor_on=local_day(at, zone),
        strategy=STRATEGY,
        step=STRATEGY,
        words=STRATEGY,
        subject="account",
        version=VERSION,
        n=minute,
        reaction=reaction,
        tone=tone,
        template=template,
        channels=(channel,),
        invoices=overdue,
    )
    return DebtorContact(
        contact_id=ids.event_id(tenant, "outreach", "by-hand", account_id, channel, str(minute)),
        debtor_key=debtor[0],
        debtor_id=debtor[1],
        zone=zone,
        channel=channel,
        strategy=STRATEGY,
        strategy_version=VERSION,
        step=STRATEGY,
        tone=tone,
        template=template,
        template_version=None,
        state="claimed",
        due_at=at,
        items=(item,),
        covers=(Cover(account_id, 0, overdue),),
        purpose=reaction,
    )


def is_same_day(first: datetime, second: datetime, zone: str) -> bool:
    return _day(first, zone) == _day(second, zone)


def _day(at: datetime, zone: str) -> date:
    return local_day(at, zone)
