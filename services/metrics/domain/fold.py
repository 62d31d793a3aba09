"""What each event adds to which items.

An event only adds facts; what they mean together stands in `cells.py`. Where money of a payment or
credit note lies comes as its whole history by the facts known, which takes the place of the one
before.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from services.metrics.domain.items import (
    WITH_CURRENCY,
    Account,
    Allocated,
    Amended,
    Charged,
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
    item_of,
    slot_of,
    target_of,
)
from shared.countries import country_code
from shared.events import Received, ledger, outreach, segmentation

ItemKey = tuple[ItemKind, str]
_MONEY = ("payment", "credit_note")  # the other sources give up what they take from a balance


class AccountItems:
    """One account, and those of its items that a batch of events speaks of."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.by_key: dict[ItemKey, Item] = {}

    def item(self, kind: ItemKind, item_id: str) -> Item:
        """The item; a new one if it has no facts yet."""
        key = (kind, item_id)
        item = self.by_key.get(key)
        if item is None:
            item = self.by_key[key] = Item([])
        return item

    def missing(self) -> list[ItemKey]:
        """What money that came up again was on, and what is not at hand yet."""
        return [
            key
            for item in self.by_key.values()
            for key in map(item_of, item.puts_on)
            if key not in self.by_key
        ]

    def currencies(self) -> dict[str, int]:
        """Those of the new facts, and since when each is known: by the facts and not by their
        sums, which may come to nothing within a batch."""
        since: dict[str, int] = {}
        for item in self.by_key.values():
            for fact in item.facts[item.folded :]:
                if isinstance(fact, WITH_CURRENCY):
                    slot = since.get(fact.currency, fact.recorded_slot)
                    since[fact.currency] = min(slot, fact.recorded_slot)
        return since


def recorded_slot(facts: Sequence[Any], event: Received) -> int:
    """When the event was recorded; never before an earlier fact about the same thing."""
    slot = slot_of(event.recordedtime)
    return max(slot, facts[-1].recorded_slot) if facts else slot


def _day(event: Received) -> Any:
    return event.day or event.time.date()


# ── Accounts ────────────────────────────────────────────────────────────────────────────────────


def on_account(items: AccountItems, event: Received, data: ledger.AccountRegistered) -> None:
    profiles = items.account.profiles
    slot = recorded_slot(profiles, event)
    profile = Profile(slot, data.kind, country_code(data.country) or "", data.timezone)
    last = profiles[-1] if profiles else None
    if last is None or (last.kind, last.country, last.zone) != (
        profile.kind,
        profile.country,
        profile.zone,
    ):
        profiles.append(profile)


def on_segment_changed(
    items: AccountItems, event: Received, data: segmentation.SegmentChanged
) -> None:
    segments = items.account.segments
    slot = recorded_slot(segments, event)
    segments.append(Segment(slot, event.time, _day(event), data.to_segment))


# ── Invoices ────────────────────────────────────────────────────────────────────────────────────


def on_invoice_issued(items: AccountItems, event: Received, data: ledger.InvoiceIssued) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    slot = recorded_slot(facts, event)
    facts.append(Issued(slot, data.currency, data.amount_minor, data.issued_on, data.due_on))


def on_invoice_amended(items: AccountItems, event: Received, data: ledger.InvoiceAmended) -> None:
    if data.due_on is not None:
        facts = items.item("invoice", data.invoice_id).facts
        facts.append(Amended(recorded_slot(facts, event), data.due_on))


def on_invoice_voided(items: AccountItems, event: Received, data: ledger.InvoiceVoided) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    facts.append(Voided(recorded_slot(facts, event)))
    _allocate(items, event, data.allocations)


def on_invoice_overdue(items: AccountItems, event: Received, data: ledger.InvoiceOverdue) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    facts.append(Staged(recorded_slot(facts, event), data.due_on, data.stage))


def on_invoice_reopened(items: AccountItems, event: Received, data: ledger.InvoiceReopened) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    facts.append(Reopened(recorded_slot(facts, event), event.time, _day(event)))


# ── Money ───────────────────────────────────────────────────────────────────────────────────────


def on_payment_received(items: AccountItems, event: Received, data: ledger.PaymentReceived) -> None:
    facts = items.item("payment", data.payment_id).facts
    slot = recorded_slot(facts, event)
    facts.append(Paid(slot, data.currency, data.amount_minor, data.received_at, _day(event)))
    _allocate(items, event, data.allocations, ("payment", data.payment_id))


def on_payment_reversed(items: AccountItems, event: Received, data: ledger.PaymentReversed) -> None:
    facts = items.item("payment", data.payment_id).facts
    slot = recorded_slot(facts, event)
    facts.append(Reversed(slot, data.reversal_id, data.amount_minor, event.time, _day(event)))
    _allocate(items, event, data.allocations, ("payment", data.payment_id))


def on_credit_note_issued(
    items: AccountItems, event: Received, data: ledger.CreditNoteIssued
) -> None:
    facts = items.item("credit_note", data.credit_note_id).facts
    slot = recorded_slot(facts, event)
    facts.append(Credited(slot, data.currency, data.amount_minor, event.time, _day(event)))
    if data.replaces is not None:
        replaced = items.item("credit_note", data.replaces).facts
        replaced.append(Replaced(recorded_slot(replaced, event)))
        _allocate(items, event, (), ("credit_note", data.replaces))
    _allocate(items, event, data.allocations, ("credit_note", data.credit_note_id))


def on_allocations(
    items: AccountItems, event: Received, data: ledger.AllocationChanged | ledger.Allocated
) -> None:
    """Whatever else the event says: where money lies now, or what was given up of what."""
    _allocate(items, event, data.allocations, adds=ledger.adds(data))


def _allocate(
    items: AccountItems,
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
        history = histories.setdefault((each.source_kind, each.source_id), {})
        target = target_of(each.invoice_id, each.charge_id)
        if each.amount_minor == 0 or target is None:
            continue
        history.setdefault(target, []).append(
            Put(
                each.amount_minor,
                each.applied_at,
                each.applied_on,
                each.released_at,
                each.released_on,
                each.use == "recovery",
            )
        )
    for (kind, source_id), history in histories.items():
        source = items.item(kind, source_id)
        given_up = "" if kind in _MONEY else kind
        puts_on = tuple(dict.fromkeys((*source.puts_on, *history)))
        for target in history if adds else puts_on:
            facts = items.item(*item_of(target)).facts
            slot = recorded_slot(facts, event)
            now = Allocated(slot, source_id, kind == "payment", (), given_up)
            before = _last_puts(facts, now.source)
            puts = (*(before if adds else ()), *history.get(target, ()))
            if puts != before:
                facts.append(replace(now, puts=puts))
        puts_on = puts_on if adds else tuple(history)
        if source.puts_on != puts_on:
            source.puts_on, source.is_changed = puts_on, True


def _last_puts(facts: Iterable[Fact], source: tuple[bool, str, str]) -> tuple[Put, ...]:
    puts: tuple[Put, ...] = ()
    for fact in facts:
        if isinstance(fact, Allocated) and fact.source == source:
            puts = fact.puts
    return puts


# ── Charges ─────────────────────────────────────────────────────────────────────────────────────


def on_charge(
    items: AccountItems,
    event: Received,
    data: ledger.FeeCharged | ledger.InterestCharged | ledger.ChargeWaived,
) -> None:
    facts = items.item("charge", data.charge_id).facts
    moves = [(posting.on, posting.amount_minor) for posting in data.posted]
    moves += [(waiver.on, -waiver.amount_minor) for waiver in data.waivers]
    assert data.currency is not None, "a charge has a currency"
    facts.append(Charged(recorded_slot(facts, event), data.currency, tuple(moves)))
    if isinstance(data, ledger.ChargeWaived):
        _allocate(items, event, data.allocations)


# ── Contacts ────────────────────────────────────────────────────────────────────────────────────


def _occurred(result: Result) -> Callable[[AccountItems, Received, Any], None]:
    def on_contact(items: AccountItems, event: Received, data: Any) -> None:
        facts = items.item("contact", data.contact_id).facts
        rule = data.rule if isinstance(data, outreach.ContactSuppressed) else ""
        facts.append(
            Occurred(
                recorded_slot(facts, event),
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
_on_refused = _occurred("failed")
_on_not_accepted = _occurred("not-accepted")


def on_contact_failed(items: AccountItems, event: Received, data: outreach.ContactFailed) -> None:
    """Refused or undelivered; or it turned out that the provider had never had it."""
    is_attempt = data.reason_code != "not-accepted"
    (_on_refused if is_attempt else _on_not_accepted)(items, event, data)


# ── Which items an event speaks of ──────────────────────────────────────────────────────────────


class Handler(NamedTuple):
    """`touches` names the items that must be at hand before `apply` may run."""

    touches: Callable[[Any], Iterable[ItemKey]]
    apply: Callable[[AccountItems, Received, Any], None]


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


def its_allocations(data: Any) -> Iterable[ItemKey]:
    return tuple(_allocated(data.allocations))


def its_charge(data: Any) -> Iterable[ItemKey]:
    return (("charge", data.charge_id), *_allocated(getattr(data, "allocations", ())))


def its_contact(data: Any) -> Iterable[ItemKey]:
    return (("contact", data.contact_id),)


def _allocated(allocations: Sequence[ledger.Allocation]) -> Iterator[ItemKey]:
    for each in allocations:
        target = target_of(each.invoice_id, each.charge_id)
        if target is not None:
            yield item_of(target)
        yield each.source_kind, each.source_id
