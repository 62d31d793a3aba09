"""What debtors were told of charges to come: outreach says it of its contacts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.ledger.commands.facts import record_facts
from services.ledger.commands.new_facts import NewFact
from services.ledger.context import Context
from services.ledger.domain import Fact, fact_id_of
from services.ledger.domain.agreements import DisclosureFailed, DisclosureMade
from shared import clock
from shared.database import Session
from shared.events import Received
from shared.events.outreach import ContactFailed, ContactSent

SOURCE = "/recoup/outreach"
ORIGIN = "outreach"


async def take_disclosures(session: Session, events: Sequence[Received], context: Context) -> None:
    """For each account that a contact speaks of, what it disclosed is a fact; one that failed
    disclosed nothing."""
    now = clock.now()
    facts = [new for event in events for new in _facts_of(event, now)]
    if facts:
        await record_facts(session, facts, context, now=now)


def _facts_of(event: Received, now: datetime) -> Iterator[NewFact]:
    contact = event.decode()
    if isinstance(contact, ContactSent):
        if not contact.disclosures:
            return
        for cover in contact.new_covers:
            made = DisclosureMade(
                account_id=cover.account_id,
                contact_id=contact.contact_id,
                text_ids=contact.disclosures,
            )
            yield _new(event, "disclosure-made", cover.account_id, made, contact.sent_at, now)
    elif isinstance(contact, ContactFailed):
        for cover in contact.new_covers:
            failed = DisclosureFailed(account_id=cover.account_id, contact_id=contact.contact_id)
            yield _new(event, "disclosure-failed", cover.account_id, failed, event.time, now)


def _new(
    event: Received,
    kind: str,
    account_id: str,
    data: DisclosureMade | DisclosureFailed,
    at: datetime,
    now: datetime,
) -> NewFact:
    event_id = f"{event.id} {account_id}"
    fact_id = fact_id_of(kind, SOURCE, event_id, data)
    fact = Fact(kind, fact_id, account_id, SOURCE, event_id, at, now, data)
    return NewFact(event.tenant, fact, ORIGIN)
