"""Erasure of an account's personal data wherever the ledger has stored it, in one transaction."""

from datetime import datetime

from services.ledger.domain import AccountState, Fact
from services.ledger.domain.agreements import AccountErased
from services.ledger.domain.erasures import certificate_of
from services.ledger.store import erasures as store
from services.ledger.store.requests import delete_requests
from shared.database import Session
from shared.events import CONTACTS, Event
from shared.log import outbox
from shared.log.erasure import delete_records


async def erase_stored(
    session: Session,
    tenant_id: str,
    state: AccountState,
    data: AccountErased,
    *,
    now: datetime,
) -> None:
    """What follows from the fact of an erasure. The account's row is locked, so that nothing
    personal comes in before this ends, and afterwards nothing is taken in any more.

    By itself (`retention`) an account is erased whose last fact is months old: answers, which are
    kept for a day, show nothing of it.
    """
    key = (tenant_id, state.account_id)
    rewritten = await store.rewrite_facts(session, key)
    counts = rewritten.counts
    await store.blank_account(session, key)
    await store.blank_published(session, key)
    counts["requests"] = await delete_requests(session, *key)
    counts["rejections"] = await store.blank_rejections(session, key)
    await delete_records(session, *key)
    if data.because == "request":
        counts["answers"] = await store.delete_answers(session, key, rewritten.texts)
    counts["import-rows"] = await store.blank_import_rows(session, key, rewritten.texts)
    certificate = certificate_of(state.account_id, data, counts)
    await store.insert_certificate(session, tenant_id, certificate, now)
    await outbox.erase(session, _tombstone(tenant_id, state.facts[-1]))


def _tombstone(tenant_id: str, fact: Fact) -> Event:
    """Of the contact details; `fact` is the erasure's."""
    return Event(
        topic=CONTACTS,
        tenant=tenant_id,
        key=fact.account_id,
        type="contact-details",
        entity=fact.account_id,
        cause=f"erasure {fact.account_id}",
        time=fact.time or fact.recordedtime,
        recordedtime=fact.recordedtime,
        data=None,
    )
