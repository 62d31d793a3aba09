"""What a payment came through, what that took for it, and who found whose money it is."""

from msgspec import structs

from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import Told, invoice, on, paid, registered


def test_a_payment_is_announced_with_its_provider_its_fee_and_who_matched_it() -> None:
    engine = Engine()
    engine.record(registered(), invoice())
    engine.start_day(on("01-20"))
    plain = paid("P1", 4000, "01-21")
    engine.record(plain)
    event = engine.event("payment-received")
    assert (event.provider, event.fee_minor, event.matched) == (None, None, None)
    said = {"provider": "psp", "fee_minor": 35, "matched": "rule"}
    data = structs.replace(plain.data, payment_id="P2", **said)
    engine.record(Told("payment-received", "P2", None, data))
    event = engine.event("payment-received")
    assert (event.provider, event.fee_minor, event.matched) == ("psp", 35, "rule")
