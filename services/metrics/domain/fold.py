"""What each event says about which items.

An event only adds facts; what they mean together is said in `cells.py`. Where money of a payment
or credit note lies comes as its whole history by the facts known, which takes the place of what
was said before.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from services.metrics.domain.items import (
    Account,
    Allocated,
    Amended,
    Credited,
    Fact,
    Issued,
    Item,
    ItemKind,
    Occurred,
    Paid,
    Profile,
    Put,
    Reopened,
    Replaced,
    Result,
    Reversed,
    Segment,
    Staged,
    Voided,
    slot_of,
)
from shared.events import Received, ledger, outreach, segmentation

ItemKey = tuple[ItemKind, str]
_SOURCES: dict[str, ItemKind] = {"payment": "payment", "credit_note": "credit_note"}


class Page:
    """One account with those of its items that a batch of events speaks of."""

    def __init__(self, tenant: str, account_id: str) -> None:
        self.tenant = tenant
        self.account_id = account_id
        self.account = Account([], [])
        self.items: dict[ItemKey, Item] = {}

    def item(self, kind: ItemKind, item_id: str) -> Item:
        """The item; a new one if nothing was said about it yet."""
        key = (kind, item_id)
        item = self.items.get(key)
        if item is None:
            item = self.items[key] = Item([])
        return item


def known_in(facts: Sequence[Any], event: Received) -> int:
    """When the event was recorded; never before what was said earlier about the same thing."""
    known = slot_of(event.recordedtime)
    return max(known, facts[-1].known) if facts else known


def _day(event: Received) -> Any:
    return event.day or event.time.date()


# ── Accounts ────────────────────────────────────────────────────────────────────────────────────


def on_account(page: Page, event: Received, data: ledger.AccountRegistered) -> None:
    profiles = page.account.profiles
    known = known_in(profiles, event)
    profile = Profile(known, data.kind, data.country or "", data.timezone)
    last = profiles[-1] if profiles else None
    if last is None or (last.kind, last.country, last.zone) != (
        profile.kind,
        profile.country,
        profile.zone,
    ):
        profiles.append(profile)


def on_segment_changed(page: Page, event: Received, data: segmentation.SegmentChanged) -> None:
    segments = page.account.segments
    known = known_in(segments, event)
    segments.append(Segment(known, event.time, _day(event), data.to_segment))


# ── Invoices ────────────────────────────────────────────────────────────────────────────────────


def on_invoice_issued(page: Page, event: Received, data: ledger.InvoiceIssued) -> None:
    facts = page.item("invoice", data.invoice_id).facts
    known = known_in(facts, event)
    facts.append(Issued(known, data.currency, data.amount_minor, data.issued_on, data.due_on))


def on_invoice_amended(page: Page, event: Received, data: ledger.InvoiceAmended) -> None:
    if data.due_on is not None:
        facts = page.item("invoice", data.invoice_id).facts
        facts.append(Amended(known_in(facts, event), data.due_on))


def on_invoice_voided(page: Page, event: Received, data: ledger.InvoiceVoided) -> None:
    facts = page.item("invoice", data.invoice_id).facts
    facts.append(Voided(known_in(facts, event)))
    _allocate(page, event, data.allocations)


def on_invoice_overdue(page: Page, event: Received, data: ledger.InvoiceOverdue) -> None:
    facts = page.item("invoice", data.invoice_id).facts
    facts.append(Staged(known_in(facts, event), data.due_on, data.stage))


def on_invoice_reopened(page: Page, event: Received, data: ledger.InvoiceReopened) -> None:
    facts = page.item("invoice", data.invoice_id).facts
    facts.append(Reopened(known_in(facts, event), event.time, _day(event)))


# ── Money ───────────────────────────────────────────────────────────────────────────────────────


def on_payment_received(page: Page, event: Received, data: ledger.PaymentReceived) -> None:
    facts = page.item("payment", data.payment_id).facts
    known = known_in(facts, event)
    facts.append(Paid(known, data.currency, data.amount_minor, data.received_at, _day(event)))
    _allocate(page, event, data.allocations, ("payment", data.payment_id))


def on_payment_reversed(page: Page, event: Received, data: ledger.PaymentReversed) -> None:
    facts = page.item("payment", data.payment_id).facts
    known = known_in(facts, event)
    facts.append(Reversed(known, data.reversal_id, data.amount_minor, event.time, _day(event)))
    _allocate(page, event, data.allocations, ("payment", data.payment_id))


def on_credit_note_issued(page: Page, event: Received, data: ledger.CreditNoteIssued) -> None:
    facts = page.item("credit_note", data.credit_note_id).facts
    known = known_in(facts, event)
    facts.append(Credited(known, data.currency, data.amount_minor, event.time, _day(event)))
    if data.replaces is not None:
        replaced = page.item("credit_note", data.replaces).facts
        replaced.append(Replaced(known_in(replaced, event)))
        _allocate(page, event, (), ("credit_note", data.replaces))
    _allocate(page, event, data.allocations, ("credit_note", data.credit_note_id))


def on_allocation_changed(page: Page, event: Received, data: ledger.AllocationChanged) -> None:
    _allocate(page, event, data.allocations, adds=ledger.adds(data))


def _allocate(
    page: Page,
    event: Received,
    allocations: Sequence[ledger.Allocation],
    *sources: ItemKey,
    adds: bool = False,
) -> None:
    """Take over the whole histories of the sources named and of those in the list.

    A history that is too long for one event comes in parts: the first replaces what was known,
    the others add to it.

    An amount of 0 says that the source, by the facts known, never put anything anywhere.
    """
    histories: dict[ItemKey, dict[str, list[Put]]] = {source: {} for source in sources}
    for each in allocations:
        history = histories.setdefault((_SOURCES[each.source_kind], each.source_id), {})
        if each.amount_minor == 0:
            continue
        history.setdefault(each.invoice_id, []).append(
            Put(
                each.amount_minor,
                each.applied_at,
                each.applied_on,
                each.released_at,
                each.released_on,
            )
        )
    for (kind, source_id), history in histories.items():
        source = page.item(kind, source_id)
        puts_on = tuple(dict.fromkeys((*source.puts_on, *history)))
        for invoice_id in history if adds else puts_on:
            facts = page.item("invoice", invoice_id).facts
            before = _last_puts(facts, source_id, kind == "payment")
            puts = (*(before if adds else ()), *history.get(invoice_id, ()))
            if puts != before:
                known = known_in(facts, event)
                facts.append(Allocated(known, source_id, kind == "payment", puts))
        puts_on = puts_on if adds else tuple(history)
        if source.puts_on != puts_on:
            source.puts_on, source.is_changed = puts_on, True


def _last_puts(facts: Iterable[Fact], source_id: str, is_cash: bool) -> tuple[Put, ...]:
    puts: tuple[Put, ...] = ()
    for fact in facts:
        if isinstance(fact, Allocated) and fact.source_id == source_id and fact.is_cash == is_cash:
            puts = fact.puts
    return puts


# ── Contacts ────────────────────────────────────────────────────────────────────────────────────


def _occurred(result: Result) -> Callable[[Page, Received, Any], None]:
    def on_contact(page: Page, event: Received, data: Any) -> None:
        facts = page.item("contact", data.contact_id).facts
        rule = data.rule if isinstance(data, outreach.ContactSuppressed) else ""
        facts.append(
            Occurred(
                known_in(facts, event),
                result,
                event.time,
                _day(event),
                data.channel,
                data.strategy,
                rule,
            )
        )

    return on_contact


on_contact_planned = _occurred("planned")
on_contact_suppressed = _occurred("suppressed")
on_contact_cancelled = _occurred("cancelled")
on_contact_sent = _occurred("sent")
on_contact_uncertain = _occurred("uncertain")
on_contact_failed = _occurred("failed")


# ── Which items an event speaks of ──────────────────────────────────────────────────────────────


class Handler(NamedTuple):
    """`touches` names the items that must be at hand before `apply` may run."""

    touches: Callable[[Any], Iterable[ItemKey]]
    apply: Callable[[Page, Received, Any], None]


def no_items(_data: Struct) -> Iterable[ItemKey]:
    return ()


def its_invoice(data: Any) -> Iterable[ItemKey]:
    return (("invoice", data.invoice_id), *_allocated(getattr(data, "allocations", ())))


def its_payment(data: Any) -> Iterable[ItemKey]:
    return (("payment", data.payment_id), *_allocated(data.allocations))


def its_credit_note(data: ledger.CreditNoteIssued) -> Iterable[ItemKey]:
    keys: list[ItemKey] = [("credit_note", data.credit_note_id), *_allocated(data.allocations)]
    if data.replaces is not None:
        keys.append(("credit_note", data.replaces))
    return keys


def its_allocations(data: ledger.AllocationChanged) -> Iterable[ItemKey]:
    return tuple(_allocated(data.allocations))


def its_contact(data: Any) -> Iterable[ItemKey]:
    return (("contact", data.contact_id),)


def _allocated(allocations: Sequence[ledger.Allocation]) -> Iterator[ItemKey]:
    for each in allocations:
        yield "invoice", each.invoice_id
        yield _SOURCES[each.source_kind], each.source_id
