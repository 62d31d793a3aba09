"""Take facts in: fold events into accounts, invoices and details, and mark the debtors whose plans
they may change."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.outreach.activity.domain.address_marks import mark_of
from services.outreach.activity.store import judgements, timeline
from services.outreach.activity.store.addresses import (
    AccountAddress,
    find_refused,
    replace_addresses,
)
from services.outreach.activity.store.debtors import mark_dirty, mark_tenant_dirty
from services.outreach.consents.commands import repeat_refusals
from services.outreach.consents.store import erase_wishes
from services.outreach.debtors.commands.occasions import take_occasions
from services.outreach.debtors.domain import accounts, segments
from services.outreach.debtors.domain.account_books import (
    BOOKED_TYPES,
    AccountBooks,
    invoices_in,
    sources_in,
)
from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.domain.governor_question import e164
from services.outreach.debtors.domain.occasions import OCCASION_FOLDS
from services.outreach.debtors.domain.segments import SegmentFacts
from services.outreach.debtors.domain.stops import STOP_FOLDS
from services.outreach.debtors.store import accounts as account_store
from services.outreach.debtors.store import invoices as invoice_store
from services.outreach.debtors.store import money as money_store
from services.outreach.debtors.store import people as person_store
from services.outreach.debtors.store import stops as stop_store
from services.outreach.debtors.store import tenants as tenant_store
from services.outreach.debtors.store.addresses import erase_addresses
from services.outreach.debtors.store.pauses import erase_pauses
from services.outreach.debtors.store.rows import AccountKey, InvoiceKey, SourceKey
from services.outreach.history.store import erase_history
from shared.database import Session
from shared.events import CONTACTS, LEDGER, Received, ledger
from shared.log.erasure import blank_contacts
from shared.mail_addresses import deliverable

AccountFold = Callable[[AccountFacts, Any], AccountFacts]

ACCOUNT_FOLDS: Mapping[str, AccountFold] = {
    "account-registered": accounts.registered,
    "account-updated": accounts.registered,
    "account-erased": lambda account, _: accounts.erased(account),
}
_SEGMENT_FOLDS: Mapping[str, Callable[[SegmentFacts, Any], SegmentFacts]] = {
    "segment-changed": segments.in_segment,
    "account-scored": segments.scored,
}
# Of these the plans of a debtor may change.
_REPLANS = {
    *ACCOUNT_FOLDS, *BOOKED_TYPES, *STOP_FOLDS, *OCCASION_FOLDS, "contact-details",
}  # fmt: skip


async def take_facts(session: Session, events: Sequence[Received]) -> None:
    """One ordered batch of new events. The debtors' rows are locked before anything of theirs."""
    before = await account_store.find_accounts(
        session, {(e.tenant, e.key) for e in events if e.key}
    )
    after = _folded_accounts(before, events)
    replanned = {(e.tenant, e.key) for e in events if e.type in _REPLANS}
    await mark_dirty(
        session,
        {
            (key[0], account.debtor_key)  # of both, where an account changes its debtor
            for known in (before, after)
            for key, account in known.items()
            if key in replanned
        },
    )
    await account_store.upsert_accounts(
        session, ((key, account) for key, account in after.items() if before.get(key) != account)
    )
    await _take_people(session, events, after)
    await _erase(session, events)
    await _take_addresses(session, events, before, after)
    await _take_invoices(session, events)
    await _take_stops(session, events)
    await take_occasions(session, events)


async def take_tenants(session: Session, events: Sequence[Received]) -> None:
    """The settings of tenants; their debtors are planned for again where these change contacts."""
    for event in events:
        if event.data is not None:
            settings: ledger.Tenant = event.decode()
            if await tenant_store.upsert_tenant(session, settings):
                await mark_tenant_dirty(session, event.tenant)


async def take_segments(session: Session, events: Sequence[Received]) -> None:
    """Segments, arms of experiments and scores, as segmentation has announced them last. What asks
    for them is planned for anew."""
    found: dict[AccountKey, SegmentFacts] = {}
    for event in events:
        key = (event.tenant, event.key)
        fold = _SEGMENT_FOLDS[event.type]
        found[key] = fold(found.get(key, SegmentFacts()), event.decode())
    known = await account_store.find_accounts(session, found.keys())
    await mark_dirty(session, {(key[0], account.debtor_key) for key, account in known.items()})
    await account_store.upsert_segments(session, found.items())
    await take_occasions(session, [event for event in events if (event.tenant, event.key) in known])


def _folded_accounts(
    before: Mapping[AccountKey, AccountFacts], events: Sequence[Received]
) -> dict[AccountKey, AccountFacts]:
    after = dict(before)
    for event in events:
        key = (event.tenant, event.key)
        if event.type in ACCOUNT_FOLDS:
            account = after.get(key) or accounts.unknown(event.key)
            after[key] = ACCOUNT_FOLDS[event.type](account, event.decode())
        if event.topic == LEDGER and key in after:
            after[key] = replace(after[key], sequence=event.sequence)
    return after


async def _take_people(
    session: Session,
    events: Sequence[Received],
    known: Mapping[AccountKey, AccountFacts],
) -> None:
    """Personal data: the last details of each account. An erased account takes none any more."""
    details: dict[AccountKey, bytes | None] = {}
    for event in events:
        key = (event.tenant, event.key)
        if event.type == "account-erased":
            details[key] = None
        elif event.topic == CONTACTS:
            erased = key in known and known[key].is_erased
            details[key] = None if erased else event.data
            if details[key] is not None:
                event.decode()  # refused now, as one event, rather than when a debtor is planned
    await person_store.delete_people(
        session, {key for key, data in details.items() if data is None}
    )
    await person_store.upsert_people(
        session, [(key, data) for key, data in details.items() if data is not None]
    )


async def _take_addresses(
    session: Session,
    events: Sequence[Received],
    before: Mapping[AccountKey, AccountFacts],
    after: Mapping[AccountKey, AccountFacts],
) -> None:
    """Who is reached where; what was refused of an address holds for who comes to have it."""
    found: dict[AccountKey, set[AccountAddress]] = {}
    told_at: dict[AccountKey, datetime] = {}
    for event in events:
        key = (event.tenant, event.key)
        told_at[key] = event.time
        if event.type == "account-erased":
            found[key] = set()
        elif event.topic == CONTACTS:
            erased = key in after and after[key].is_erased
            found[key] = (
                set() if erased or event.data is None else _addresses(event, after.get(key))
            )
    if not found and not after:
        return
    new = await replace_addresses(
        session,
        {key: told_at[key] for key in found},
        {each for addresses in found.values() for each in addresses},
    )
    registered = {
        key
        for key, account in after.items()
        if account.is_registered and (key not in before or not before[key].is_registered)
    }
    refused = await find_refused(session, new, registered)
    if refused:
        await repeat_refusals(session, refused, max(event.recordedtime for event in events))


def _addresses(event: Received, account: AccountFacts | None) -> set[AccountAddress]:
    details: ledger.Contact = event.decode()
    found = set()
    address = deliverable(details.email)
    if address is not None:
        mark = mark_of(event.tenant, "email", address)
        found.add(AccountAddress(event.tenant, event.key, "email", address, mark))
    country = account.country if account is not None else None
    country = country or next((each.country for each in details.addresses if each.country), None)
    for phone in details.phones:
        number = e164(phone.number, country)
        if number is not None:
            mark = mark_of(event.tenant, "sms", number)
            found.add(AccountAddress(event.tenant, event.key, "sms", number, mark))
    return found


async def _erase(session: Session, events: Sequence[Received]) -> None:
    """What people wish and what was asked about them goes with their details."""
    by_tenant: dict[str, set[str]] = {}
    for event in events:
        if event.type == "account-erased":
            by_tenant.setdefault(event.tenant, set()).add(event.key)
    for tenant, account_ids in by_tenant.items():
        await erase_wishes(session, tenant, account_ids)
        await erase_history(session, tenant, account_ids)
        await account_store.erase_segments(session, tenant, account_ids)
        await erase_pauses(session, tenant, account_ids)
        await erase_addresses(session, tenant, account_ids)
        await judgements.erase_judgements(session, tenant, account_ids)
        await timeline.erase_tags(session, tenant, account_ids)
        await blank_contacts(session, tenant, account_ids)


async def _take_invoices(session: Session, events: Sequence[Received]) -> None:
    decoded = [(event, event.decode()) for event in events if event.type in BOOKED_TYPES]
    if not decoded:
        return
    sources: set[SourceKey] = set()
    named: set[InvoiceKey] = set()
    issued: set[InvoiceKey] = set()
    for event, data in decoded:
        of = (event.tenant, event.key)
        sources |= {(*of, source) for source in sources_in(event.type, data)}
        named |= {(*of, invoice_id) for invoice_id in invoices_in(event.type, data)}
        if event.type == "invoice-issued":
            issued.add((*of, data.invoice_id))
    standing = await money_store.find_money(session, sources, issued)
    named |= {(*key[:2], invoice_id) for key, on in standing.items() for invoice_id in on}
    before = await invoice_store.find_invoices(session, named)
    books: dict[AccountKey, AccountBooks] = defaultdict(AccountBooks)
    for (tenant, account_id, invoice_id), invoice in before.items():
        books[tenant, account_id].invoices[invoice_id] = invoice
    for (tenant, account_id, source), on in standing.items():
        books[tenant, account_id].money[source] = on
    for event, data in decoded:
        books[event.tenant, event.key].fold(event, data)
    await invoice_store.upsert_invoices(
        session,
        [
            ((*of, invoice_id), found)
            for of, book in books.items()
            for invoice_id, found in book.invoices.items()
            if before.get((*of, invoice_id)) != found
        ],
    )
    await money_store.replace_money(
        session,
        {
            key: on
            for key in sources
            if (on := books[key[:2]].money.get(key[2], {})) != standing.get(key, {})
        },
    )


async def _take_stops(session: Session, events: Sequence[Received]) -> None:
    found = [event for event in events if event.type in STOP_FOLDS]
    before = await stop_store.find_stops(session, {(e.tenant, e.key) for e in found})
    after = {key: dict(stops) for key, stops in before.items()}
    for event in found:
        stops = after.setdefault((event.tenant, event.key), {})
        STOP_FOLDS[event.type](stops, event, event.decode())
    await stop_store.upsert_stops(
        session,
        [
            (tenant, stop)
            for (tenant, account_id), stops in after.items()
            for name, stop in stops.items()
            if before.get((tenant, account_id), {}).get(name) != stop
        ],
    )
