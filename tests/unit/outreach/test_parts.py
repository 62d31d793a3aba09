"""Events and messages that grow with an account: none is too large, and nothing is lost."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from services.outreach.activity.domain.contacts import Cover, DebtorContact
from services.outreach.activity.domain.desk_events import task_created
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.dunning.domain.contact_events import ContactEvents, task_of
from services.outreach.dunning.domain.live_check import still_due
from services.outreach.dunning.domain.message_content import LINES_MAX, content
from shared.events import outreach
from shared.ids import event_id
from shared.log.outbox import MAX_PAYLOAD_BYTES
from tests.unit.outreach.builders import (
    a_check,
    an_item,
    at,
    checked_invoice,
)
from tests.unit.outreach.test_contacts import CONTACT
from tests.unit.outreach.test_messages import as_email, body, parsed

EVENTS = ContactEvents(at("2026-03-03 09:00"))
# One byte, two bytes, four bytes, and six as JSON writes them.
LETTERS = st.sampled_from(["x", "ä", "😀", "\x01"])


def names(prefix: str, count: int, letter: str) -> tuple[str, ...]:
    """So many ids of 128 characters."""
    return tuple(f"{prefix}{number:05}".ljust(128, letter) for number in range(count))


def a_contact(*invoice_counts: int, letter: str = "x") -> DebtorContact:
    covers = tuple(
        Cover(account_id, 7, names("I", count, letter))
        for account_id, count in zip(
            names("C", len(invoice_counts), letter), invoice_counts, strict=True
        )
    )
    return replace(CONTACT, covers=covers)


def all_events(contact: DebtorContact) -> dict[str, list[TimelineEntry]]:
    return {
        "planned": EVENTS.planned(contact),
        "suppressed": EVENTS.suppressed(contact, rule="R" * 128, until=None, citation="c" * 2000),
        "cancelled": EVENTS.cancelled(contact, "paid"),
        "sent": EVENTS.sent(contact, "<m@example.com>"),
        "uncertain": EVENTS.uncertain(contact, "lease-ended"),
        "failed": EVENTS.failed(contact, "smtp-550"),
    }


def read_back(entries: list[TimelineEntry]) -> list[tuple[str, tuple[str, ...]]]:
    """As a reader does it: replace at part 1, then add."""
    read: list[tuple[str, tuple[str, ...]]] = []
    for entry in entries:
        data: outreach.ContactSent = entry.announcement.data  # type: ignore[assignment]
        if data.part is UNSET or data.part == 1:
            read = []
        for cover in data.covers[: len(data.covers) - len(data.new_covers)]:
            assert cover.account_id == read[-1][0]
            read[-1] = (cover.account_id, read[-1][1] + cover.invoice_ids)
        read += [(cover.account_id, cover.invoice_ids) for cover in data.new_covers]
    return read


def check_sizes(entries: list[TimelineEntry]) -> None:
    sizes = [len(msgspec.json.encode(entry.announcement.data)) for entry in entries]
    assert max(sizes) <= MAX_PAYLOAD_BYTES
    made = {
        event_id("demo", "outreach", a.type, a.entity, a.cause)
        for a in (entry.announcement for entry in entries)
    }
    assert len(made) == len(entries)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 6000), min_size=1, max_size=6), LETTERS)
def test_a_contact_over_many_invoices_is_read_back_whole(counts: list[int], letter: str) -> None:
    contact = a_contact(*counts, letter=letter)
    for entries in all_events(contact).values():
        check_sizes(entries)
        assert read_back(entries) == [(c.account_id, c.invoice_ids) for c in contact.covers]


@pytest.mark.parametrize("letter", ["x", "ä", "\x01"])
def test_an_account_of_20000_invoices_fits_the_log(letter: str) -> None:
    contact = a_contact(20_000, letter=letter)
    for entries in all_events(contact).values():
        check_sizes(entries)
        assert len(entries) > 1
        assert read_back(entries) == [(c.account_id, c.invoice_ids) for c in contact.covers]
    tasks = task_created(task_of(contact, EVENTS.at), "T1", "K1", None, EVENTS.at, "UTC")
    check_sizes(tasks)
    ids = [i for task in tasks for i in task.announcement.data.invoice_ids]  # type: ignore[union-attr]
    assert tuple(ids) == contact.covers[0].invoice_ids


def test_a_debtor_of_many_accounts_fits_the_log() -> None:
    contact = a_contact(*[1] * 10_000)
    (planned, *more) = EVENTS.planned(contact)
    assert more
    check_sizes([planned, *more])
    assert {entry.key for entry in more} == {planned.key}
    assert {name for entry in [planned, *more] for name in entry.accounts} == set(
        contact.account_ids
    )


def test_a_whole_event_says_nothing_of_parts() -> None:
    task = task_of(a_contact(3), EVENTS.at)
    tasks = task_created(task, "T1", "K1", None, EVENTS.at, "UTC")
    for entries in [*all_events(a_contact(3)).values(), tasks]:
        (entry,) = entries
        assert b'"part' not in msgspec.json.encode(entry.announcement.data)


def test_a_message_about_20000_invoices_lists_some_and_asks_for_all() -> None:
    ids = names("I", 20_000, "x")
    account = a_check(*[checked_invoice(id_) for id_ in ids])
    items = [an_item("reminder", id_) for id_ in ids]
    due = still_due(items, {"C1": account})
    assert len(due.items) == len(ids)
    lists = content(due.items, {"C1": account})
    assert (len(lists.overdue), lists.overdue_unlisted) == (LINES_MAX, 20_000 - LINES_MAX)
    assert lists.overdue_totals[0].asked_minor == 20_000 * 10_000
    raw = as_email("reminder", lists)
    assert len(raw) < 200_000
    for kind in ("plain", "html"):
        text = body(parsed(raw), kind)
        assert "Further invoices: 19800" in text
        assert "€2,000,000.00" in text


def test_a_message_below_the_bound_speaks_of_no_more() -> None:
    account = a_check(*[checked_invoice(f"I{number:03}") for number in range(LINES_MAX)])
    lists = content([an_item("reminder", "I000")], {"C1": account})
    raw = as_email("reminder", lists)
    assert (len(lists.overdue), lists.overdue_unlisted) == (LINES_MAX, 0)
    assert "Further" not in body(parsed(raw), "plain")
