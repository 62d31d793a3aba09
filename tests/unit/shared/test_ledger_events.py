"""What the events of arrangements and charges must not change of those that were there before."""

from datetime import UTC, date, datetime

import msgspec

from shared.events import billing, ledger

DAY = date(2026, 3, 20)
AT = datetime(2026, 3, 20, 10, tzinfo=UTC)


def test_amounts_without_arrangements_and_charges_are_the_bytes_of_before() -> None:
    plain = ledger.Amounts("EUR", 5, 4, 3, 2, 1, 0, None, 0)
    assert msgspec.json.encode(plain) == (
        b'{"currency":"EUR","balance_minor":5,"overdue_minor":4,"disputed_minor":3,'
        b'"unapplied_minor":2,"unapplied_credit_minor":1,"collectable_minor":0,'
        b'"oldest_due_on":null,"days_past_due":0}'
    )
    told = msgspec.structs.replace(plain, promised_minor=7)
    assert msgspec.json.encode(told).endswith(b'"days_past_due":0,"promised_minor":7}')


def test_an_allocation_without_a_charge_is_the_bytes_of_before() -> None:
    plain = ledger.Allocation("P1", "I1", 5, AT, DAY, 0)
    assert msgspec.json.encode(plain) == (
        b'{"source_id":"P1","invoice_id":"I1","amount_minor":5,'
        b'"applied_at":"2026-03-20T10:00:00Z","applied_on":"2026-03-20","days_late":0}'
    )
    recovery = msgspec.structs.replace(plain, use="recovery")
    assert msgspec.json.encode(recovery).endswith(b'"as":"recovery"}')
    assert not recovery.is_on_principal
    of_charge = msgspec.structs.replace(plain, invoice_id=None, charge_id="bounce-fee:R1")
    assert b'"invoice_id":null' in msgspec.json.encode(of_charge)
    assert not of_charge.is_on_principal


def test_disputes_that_say_nothing_new_are_the_bytes_of_before() -> None:
    opened = ledger.DisputeOpened(dispute_id="D1", account_id="C1", invoice_id="I1")
    assert msgspec.json.encode(opened) == (
        b'{"dispute_id":"D1","account_id":"C1","invoice_id":"I1","currency":null,'
        b'"amount_minor":null,"disputed_minor":0,"amounts":[]}'
    )
    ended = ledger.DisputeResolved(
        dispute_id="D1", account_id="C1", invoice_id="I1", outcome="rejected"
    )
    assert msgspec.json.encode(ended) == (
        b'{"dispute_id":"D1","account_id":"C1","invoice_id":"I1","outcome":"rejected",'
        b'"credited_minor":null,"currency":null,"disputed_minor":0,"amounts":[]}'
    )
    assert msgspec.json.encode(ledger.AccountErased(account_id="C1")) == b'{"account_id":"C1"}'


def test_facts_stored_before_are_equal_to_the_same_facts_again() -> None:
    stored = b'{"dispute_id":"D1","account_id":"C1","invoice_id":"I1","amount_minor":5}'
    again = billing.DisputeOpened(dispute_id="D1", account_id="C1", invoice_id="I1", amount_minor=5)
    assert msgspec.json.decode(stored, type=billing.DisputeOpened) == again
    assert msgspec.json.encode(again) == stored
    aimed = billing.Target(invoice_id="I1", amount_minor=5)
    assert msgspec.json.encode(aimed) == b'{"invoice_id":"I1","amount_minor":5}'
