"""What events add up to: features by story, and the same end by whichever way they come."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.segmentation.domain.account import Account, Owed
from services.segmentation.domain.contacts import CONTACTS_KEPT, engagement_of
from services.segmentation.domain.features import engagement, features_of
from services.segmentation.domain.fold import fold, touched
from shared.events import LEDGER, OUTREACH, Received, ledger, outreach
from tests.unit.segmentation.builders import (
    ACCOUNT,
    Story,
    an_allocation,
    at,
    day,
    fold_all,
    owed_now,
)


def test_an_invoice_grows_old_stage_by_stage_and_is_settled_by_its_cash() -> None:
    story = Story().registered().issued("I1", 0, due=14, balance=10_000)
    assert features_of(story.folded()).age_days == 0
    story.overdue("I1", 15, due=14, stage=1, balance=10_000, overdue=10_000)
    story.overdue("I1", 45, due=14, stage=31, balance=10_000, overdue=10_000)
    features = features_of(story.folded())
    assert (features.age_days, features.open_invoices, features.settled) == (31, 1, 0)
    assert (features.overdue_minor, features.collectable_minor) == (10_000, 10_000)
    story.paid("P1", 50, {"I1": 10_000})
    features = features_of(story.folded())
    assert (features.age_days, features.open_invoices, features.settled_late) == (0, 0, 1)
    assert (features.recent_delay_days, features.late_percent) == (36.0, 100)


def test_a_fact_dated_ahead_does_not_take_today_with_it() -> None:
    story = Story().registered().issued("I1", 0, due=14).paid("P1", 400, {"I1": 10_000})
    story.events[-1] = msgspec.structs.replace(story.events[-1], recordedtime=at(20))
    assert story.folded().latest_on == day(21)  # where the earth's day has begun first
    story.issued("I2", 25, due=40)
    assert story.folded().latest_on == day(25)


@pytest.mark.parametrize(("paid_on", "late"), [(13, 0), (14, 0), (15, 1)])
def test_an_invoice_is_late_from_the_day_after_its_due_day(paid_on: int, late: int) -> None:
    story = Story().registered().issued("I1", 0, due=14).paid("P1", paid_on, {"I1": 10_000})
    assert story.folded().settled_late == late


def test_one_cent_short_stays_open() -> None:
    story = Story().registered().issued("I1", 0, due=14).paid("P1", 5, {"I1": 9_999})
    assert features_of(story.folded()).open_invoices == 1


def test_a_charged_back_payment_opens_the_invoice_again_and_is_remembered() -> None:
    story = Story().registered().issued("I1", 0, due=14).paid("P1", 10, {"I1": 10_000})
    data = ledger.PaymentReversed(
        reversal_id="R1",
        payment_id="P1",
        account_id=ACCOUNT,
        currency="EUR",
        kind="chargeback",
        amount_minor=10_000,
        reversed_at=at(60),
        allocations=(an_allocation("P1", "I1", 10_000, 10, released=60),),
        amounts=(owed_now(balance=10_000, overdue=10_000),),
    )
    story.say("payment-reversed", data, 60)
    features = features_of(story.folded())
    assert (features.open_invoices, features.settled, features.bounced_payments) == (1, 0, 1)
    story.registered(60 + 181)
    assert features_of(story.folded()).bounced_payments == 0, "forgotten after 180 days"


def test_a_back_dated_payment_makes_an_invoice_have_been_paid_in_time() -> None:
    story = Story().registered().issued("I1", 0, due=14).paid("P1", 30, {"I1": 10_000})
    assert story.folded().settled_late == 1
    # P0 of day 10 arrives late; the ledger moves P1's money elsewhere and says its whole history.
    story.paid("P0", 10, {"I1": 10_000})
    moved = ledger.AllocationChanged(
        account_id=ACCOUNT, because="payment P0", allocations=(), amounts=()
    )
    story.say(
        "allocation-changed",
        msgspec.structs.replace(moved, allocations=(an_allocation("P1", "I2", 10_000, 30),)),
        30,
    )
    account = story.folded()
    assert (account.settled_late, [s.days_late for s in account.settled]) == (0, [0])


def test_a_history_in_parts_is_put_together() -> None:
    story = Story().registered().issued("I1", 0, due=14).issued("I2", 0, due=14)
    first = ledger.AllocationChanged(
        account_id=ACCOUNT,
        because="payment P1",
        allocations=(an_allocation("P1", "I1", 10_000, 10),),
        amounts=(),
        part=1,
        parts=2,
    )
    more = msgspec.structs.replace(
        first, part=2, allocations=(an_allocation("P1", "I2", 10_000, 10),)
    )
    for _ in range(2):  # all parts again replace what they made
        story.say("allocation-changed", first, 10)
        story.say("allocation-changed", more, 10)
        account = story.folded()
        assert [s.days_late for s in account.settled] == [0, 0]
        assert account.sources == {"payment:P1": ("I1", "I2")}


def test_credit_alone_settles_an_invoice_and_says_nothing_of_its_payer() -> None:
    note = ledger.CreditNoteIssued(
        credit_note_id="N1",
        account_id=ACCOUNT,
        currency="EUR",
        amount_minor=10_000,
        issued_on=day(40),
        invoice_id="I1",
        allocations=(
            msgspec.structs.replace(
                an_allocation("N1", "I1", 10_000, 40), source_kind="credit_note"
            ),
        ),
        amounts=(owed_now(),),
    )
    story = Story().registered().issued("I1", 0, due=14).say("credit-note-issued", note, 40)
    features = features_of(story.folded())
    assert (features.open_invoices, features.settled) == (0, 0)


def test_a_corrected_stage_ends_and_an_amended_due_date_starts_again() -> None:
    story = Story().registered().issued("I1", 0, due=14, balance=10_000)
    story.overdue("I1", 15, due=14, stage=1, balance=10_000, overdue=10_000)
    amended = ledger.InvoiceAmended(invoice_id="I1", account_id=ACCOUNT, due_on=day(40))
    corrected = ledger.OverdueCorrected(
        invoice_id="I1",
        account_id=ACCOUNT,
        currency="EUR",
        due_on=day(14),
        from_stage=1,
        to_stage=None,
        since_on=day(15),
        because="amendment e9",
        amounts=(owed_now(balance=10_000),),
    )
    story.say("invoice-amended", amended, 20).say("overdue-corrected", corrected, 15)
    assert features_of(story.folded()).age_days == 0
    story.overdue("I1", 41, due=40, stage=1, balance=10_000, overdue=10_000)
    assert features_of(story.folded()).age_days == 1


def test_a_voided_invoice_counts_for_nothing() -> None:
    story = Story().registered().issued("I1", 0, due=14, balance=10_000)
    story.overdue("I1", 15, due=14, stage=1, balance=10_000, overdue=10_000)
    story.say("invoice-voided", ledger.InvoiceVoided(invoice_id="I1", account_id=ACCOUNT), 16)
    features = features_of(story.folded())
    assert (features.age_days, features.open_invoices, features.usual_minor) == (0, 0, 0)


def test_the_trend_compares_the_last_three_settled_with_the_three_before() -> None:
    story = Story().registered()
    for number, late in enumerate([0, 0, 3, 10, 20, 30]):
        story.issued(f"I{number}", number * 30, due=number * 30 + 10)
        story.paid(f"P{number}", number * 30 + 10 + late, {f"I{number}": 10_000})
    features = features_of(story.folded())
    assert features.delay_trend_days == 19.0
    assert features.recent_delay_days == 10.5
    assert (features.settled, features.late_percent) == (6, 66)


def test_contacts_count_until_the_debtor_pays() -> None:
    story = Story().registered().contacted(1).contacted(2, "C2").contacted(3)
    assert contacts_since_payment(story.folded()) == 3
    story.issued("I1", 0, due=1).paid("P1", 2, {"I1": 10_000})
    assert contacts_since_payment(story.folded()) == 1
    for number in range(4, 30):
        story.contacted(number)
    assert contacts_since_payment(story.folded()) == CONTACTS_KEPT


def test_a_contact_of_another_account_is_not_ours() -> None:
    story = Story().registered().contacted(1, "C2")
    assert len(fold_all(story.events, "C2").contacts.latest) == 1
    assert fold_all(story.events[1:], "C3").contacts.latest == []


def test_a_contact_that_comes_in_parts_counts_once() -> None:
    story = Story().registered().contacted(1, "C2").contacted(1, "C3", "C4")
    one, two = (event.decode() for event in story.events[-2:])
    parts = (  # the second one begins where the first one ends, with C2
        replace(one, cost_minor=100, cost_currency="EUR", part=1, parts=2),
        replace(
            two, cost_minor=100, cost_currency="EUR", part=2, parts=2,
            covers=(one.covers[-1], *two.covers[1:]),
        ),
    )  # fmt: skip
    events = [
        replace(event, data=msgspec.json.encode(part))
        for event, part in zip(story.events[-2:], parts, strict=True)
    ]
    assert touched(events[0]) == (ACCOUNT, "C2")
    assert touched(events[1]) == ("C3", "C4")
    folded = [fold_all(events, account_id).contacts for account_id in (ACCOUNT, "C2", "C3", "C4")]
    assert [len(contacts.latest) for contacts in folded] == [1, 1, 1, 1]
    assert [contacts.costs["EUR"][1] for contacts in folded] == [50, 50, 0, 0], "100 in all"


def test_the_currency_with_most_overdue_speaks() -> None:
    account = Account(currency="EUR")
    account.owed = {"EUR": Owed(900, 0, 0, 0, 0), "USD": Owed(100, 100, 0, 0, 100)}
    assert features_of(account).currency == "USD"
    account.owed["EUR"] = Owed(900, 100, 0, 0, 100)
    assert features_of(account).currency == "EUR"


def contacts_since_payment(account: Account) -> int:
    return engagement(account, features_of(account)).since_payment


steps = st.lists(
    st.tuples(
        st.sampled_from(["issue", "overdue", "pay", "move", "void", "contact", "fail"]),
        st.integers(0, 5),
        st.integers(0, 200),
    ),
    max_size=40,
)


def story_of(chosen: list[tuple[str, int, int]]) -> Story:
    """Any sequence of events, also ones that no ledger would say: the fold must stand them."""
    story = Story().registered()
    for index, (kind, which, number) in enumerate(chosen):
        invoice, payment = f"I{which}", f"P{which}"
        if kind == "issue":
            story.issued(invoice, number, due=number + 14, minor=1_000, balance=1_000)
        elif kind == "overdue":
            story.overdue(invoice, number, due=number - 1, stage=31, overdue=number * 10)
        elif kind == "pay":
            story.paid(payment, number, {invoice: 600, f"I{(which + 1) % 6}": 400})
        elif kind == "move":
            items = (an_allocation(payment, invoice, 700, number, released=which or None),)
            data = ledger.AllocationChanged(
                account_id=ACCOUNT, because="x", allocations=items, amounts=()
            )
            story.say("allocation-changed", data, number)
        elif kind == "void":
            data_ = ledger.InvoiceVoided(invoice_id=invoice, account_id=ACCOUNT)
            story.say("invoice-voided", data_, number)
        elif kind == "contact":
            story.contacted(number)
        else:
            failed = ledger.PaymentFailed(
                payment_id=f"{payment} {index}",
                account_id=ACCOUNT,
                currency="EUR",
                amount_minor=5,
                failed_at=at(number),
            )
            story.say("payment-failed", failed, number)
    return story


def counted_again(account: Account) -> dict[str, Any]:
    """The sums of an account, worked out anew from its invoices."""
    known = {i: inv for i, inv in account.invoices.items() if inv.amount_minor and not inv.is_void}
    open_ids = {i for i, v in known.items() if v.open_minor > 0}
    late, settled = 0, []
    for invoice_id, invoice in known.items():
        if invoice_id in open_ids:
            continue
        last = max(p.on for puts in invoice.money.values() for p in puts if p.until is None)
        assert invoice.due_on is not None
        days_late = max(0, (last - invoice.due_on).days)
        settled.append((last, invoice_id, days_late))
        late += days_late > 0
    total = sum(v.amount_minor or 0 for v in known.values())
    return {
        "open": open_ids,
        "settled": sorted(settled),
        "late": late,
        "n": len(known),
        "sum": total,
    }


@settings(max_examples=150)
@given(chosen=steps)
def test_sums_kept_by_difference_equal_sums_made_anew(chosen: list[tuple[str, int, int]]) -> None:
    account = story_of(chosen).folded()
    count, total = account.issued.get("EUR", (0, 0))
    assert counted_again(account) == {
        "open": set(account.open_ids),
        "settled": [(s.on, s.invoice_id, s.days_late) for s in account.settled],
        "late": account.settled_late,
        "n": count,
        "sum": total,
    }


@settings(max_examples=150)
@given(chosen=steps, data=st.data())
def test_any_interleaving_and_any_split_ends_in_the_same_state(
    chosen: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    events = story_of(chosen).events
    whole = fold_all(events)
    ours = [event for event in events if event.topic == LEDGER]
    theirs = [event for event in events if event.topic != LEDGER]
    mixed: list[Received] = []
    while ours or theirs:
        source = ours if not theirs or (ours and data.draw(st.booleans())) else theirs
        mixed.append(source.pop(0))
    account = Account()
    for event in mixed:  # saved and loaded again between any two events, as a split batch does
        if data.draw(st.booleans()):
            account = msgspec.json.decode(msgspec.json.encode(account), type=Account)
        fold(account, ACCOUNT, event)
    assert features_of(account) == features_of(whole)
    assert contacts_since_payment(account) == contacts_since_payment(whole)
    assert sorted(account.open_ids) == sorted(whole.open_ids)


def outreach_says(story: Story, number: int, type_: str, data: Any) -> Story:
    return story.say(type_, data, number, OUTREACH)


def a_contact(contact_id: str, **more: Any) -> dict[str, Any]:
    cover = outreach.Cover(account_id=ACCOUNT, checked_sequence=1, invoice_ids=())
    return {
        "contact_id": contact_id, "account_id": ACCOUNT, "channel": "sms", "strategy": "s",
        "strategy_version": "1", "step": "first", "tone": "friendly", "covers": (cover,),
        "cost_minor": 8, "cost_currency": "EUR", **more,
    }  # fmt: skip


def test_an_attempt_counts_once_whatever_is_announced_of_it() -> None:
    story = Story().registered()
    doubt = outreach.ContactUncertain(**a_contact("c1"), because="timeout")
    sent = outreach.ContactSent(
        **a_contact("c1"), sent_at=at(1), message_id="m", resolved_from="uncertain"
    )
    outreach_says(story, 1, "contact-uncertain", doubt)
    outreach_says(story, 2, "contact-sent", sent)
    contacts = story.folded().contacts
    assert (contacts.by_channel, contacts.costs) == ({"sms": 1}, {"EUR": (1, 8)})


def test_what_a_provider_never_had_is_no_attempt() -> None:
    story = Story().registered().contacted(1)
    doubt = outreach.ContactUncertain(**a_contact("c1"), because="timeout")
    gone = outreach.ContactFailed(**a_contact("c1"), reason_code="not-accepted")
    outreach_says(story, 2, "contact-uncertain", doubt)
    outreach_says(story, 3, "contact-failed", gone)
    contacts = story.folded().contacts
    assert (contacts.by_channel, contacts.costs) == ({"email": 1}, {"EUR": (0, 0)})


def test_a_channel_shows_what_arrived_and_who_answered() -> None:
    story = Story().registered()
    for number, name in enumerate(("c1", "c2", "c3"), start=1):
        sent = outreach.ContactSent(**a_contact(name), sent_at=at(number), message_id="m")
        outreach_says(story, number, "contact-sent", sent)
    arrived = outreach.ContactDelivered(**a_contact("c1"), delivered_at=at(4))
    bounced = outreach.ContactFailed(**a_contact("c2"), reason_code="undelivered")
    reply = outreach.ReplyReceived(
        inbound_id="i", account_id=ACCOUNT, contact_id="c1", channel="sms", reply_class="other",
        received_at=at(5),
    )  # fmt: skip
    visit = outreach.PortalVisited(account_id=ACCOUNT, contact_id="c3", level=1, visited_at=at(5))
    outreach_says(story, 4, "contact-delivered", arrived)
    outreach_says(story, 4, "contact-failed", bounced)
    outreach_says(story, 5, "reply-received", reply)
    outreach_says(story, 5, "portal-visited", visit)
    seen = engagement_of(story.folded().contacts, None, at(6).date(), "EUR").channels["sms"]
    assert (seen.contacts, seen.delivered, seen.failed, seen.engaged) == (3, 1, 1, 2)
