"""Write-offs, placements, sales and credit over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.factories import a_reversal, an_account
from tests.integration.ledger.desk import Body, Desk, instant, pointers

Said = Callable[..., Awaitable[list[dict[str, Any]]]]
W1: Body = {"write_off_id": "W1", "kind": "uncollectable", "currency": "EUR", "reason": "gone"}
G1: Body = {
    "placement_id": "G1",
    "kind": "agency",
    "to": "Inkasso AG",
    "currency": "EUR",
    "commission_percent": "18",
}


async def test_a_write_off_is_approved_recovered_and_reversed(desk: Desk) -> None:
    """The story S9."""
    await desk.open(("I1", 10000), day="01-20")
    await desk.pay("P0", 2500, "01-20")
    await desk.start("06-01")
    waits = await desk.say("write-offs", 202, "06-01", **W1)
    assert (waits["state"], waits["role"]) == ("pending_approval", "finance")
    again = await desk.say("write-offs", 202, "06-01", **W1)
    assert again == {**waits, "warnings": []}
    await desk.decide("write-off:W1", at="06-02", role="finance")
    made = await desk.see("write-offs/W1")
    assert (made["state"], made["amount_minor"]) == ("made", 7500)
    assert (await desk.money())["recoverable_minor"] == 7500
    (stop,) = (await desk.check())["stops"]
    assert stop["kind"] == "written-off"
    await desk.pay("P1", 3000, "07-01")
    assert (await desk.money())["recoverable_minor"] == 4500
    invoice = await desk.see("/v1/invoices/I1")
    figures = [f"{name}_minor" for name in ("written_off", "recovered", "recoverable")]
    assert [invoice[name] for name in figures] == [7500, 3000, 4500]
    uses = {each["source_id"]: each["as"] for each in invoice["allocations"]}
    assert uses == {"P0": None, "W1": None, "P1": "recovery"}
    await desk.pay("P2", 1000, "05-30")
    assert (await desk.see("write-offs/W1"))["amount_minor"] == 6500
    assert (await desk.money())["recoverable_minor"] == 3500
    await desk.events(a_reversal("X1", "P0", reversed_at=instant("07-05")))
    assert (await desk.money())["balance_minor"] == 2500
    reversed_ = await desk.say("write-offs/W1/reverse", 200, "07-10", reason="he is back")
    assert reversed_["state"] == "reversed"
    money = await desk.money()
    assert (money["balance_minor"], money["recoverable_minor"]) == (6000, 0)
    gone = await desk.say("write-offs/W1/reverse", 409, "07-11", reason="again")
    assert gone["state"] == "reversed"


async def test_no_write_off_takes_the_id_of_a_small_balance(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    named: Body = {**W1, "write_off_id": "small:I1"}
    refused = await desk.say("write-offs", 422, "01-13", **named)
    assert pointers(refused) == ["/write_off_id"]
    sale: Body = {"placement_id": "small:I1", "kind": "sale", "to": "B", "currency": "EUR"}
    sale |= {"invoice_ids": ["I1"], "price_minor": 1}
    assert pointers(await desk.say("placements", 422, "01-13", **sale)) == ["/placement_id"]


async def test_a_write_off_over_a_plan_is_warned_of(desk: Desk) -> None:
    await desk.open(("I1", 10000), ("I2", 5000))
    equal = {"count": 2, "first_due_on": "2027-02-01", "every": "month"}
    plan: Body = {"plan_id": "L1", "currency": "EUR", "invoice_ids": ["I1"], "equal": equal}
    await desk.say("plans", 201, "01-12", **plan)
    body: Body = {**W1, "invoice_ids": ["I1", "I9"]}
    refused = await desk.say("write-offs", 422, "01-13", **body)
    assert pointers(refused) == ["/invoice_ids/1"]
    much: Body = {**W1, "invoice_ids": ["I2"], "amount_minor": 5001}
    refused = await desk.say("write-offs", 422, "01-13", **much)
    assert (pointers(refused), refused["most_minor"]) == (["/amount_minor"], 5000)
    made = await desk.say("write-offs", 202, "01-13", **{**W1, "invoice_ids": ["I1"]})
    assert made["warnings"] == [{"kind": "plan", "id": "L1"}]
    await desk.decide("write-off:W1", at="01-13 13:00", role="finance")
    assert (await desk.see("plans/L1"))["because"] == "write-off W1"


async def test_an_agency_takes_money_and_is_recalled(desk: Desk) -> None:
    """The story S10."""
    await desk.open(("I1", 20000), day="03-01")
    waits = await desk.say("placements", 202, "03-01", **G1)
    assert (waits["role"], waits["expires_on"]) == ("supervisor", "2027-03-15")
    early: Body = {"payment_id": "P0", "amount_minor": 1, "received_at": instant("03-02")}
    assert (await desk.say("placements/G1/payments", 409, **early))["state"] == "pending_approval"
    await desk.decide("placement:G1", at="03-02")
    placed = await desk.see("placements/G1")
    assert (placed["state"], placed["placed_minor"]) == ("placed", 20000)
    assert (await desk.check())["invoices"][0]["taken_by"] == "placement G1"
    paid: Body = {"payment_id": "P1", "amount_minor": 3325, "received_at": instant("03-10")}
    taken = await desk.say("placements/G1/payments", 201, "03-11", **paid)
    (commission,) = taken["commissions"]
    assert (commission["commission_minor"], commission["settled"]) == (599, "net")
    await desk.say("placements/G1/payments", 201, "03-11", **paid)
    other = await desk.say("placements/G1/payments", 422, "03-11", **{**paid, "amount_minor": 1})
    assert pointers(other) == ["/payment_id"]
    await desk.pay("P2", 1000, "03-11")
    money = await desk.money()
    assert (money["balance_minor"], money["collectable_minor"]) == (15675, 0)
    promise: Body = {"currency": "EUR", "amount_minor": 1, "due_on": "2027-03-15"}
    refused = await desk.say("promises", 409, "03-12", invoice_ids=["I1"], **promise)
    assert refused["because"] == "placed"
    again = await desk.say("placements", 409, "03-12", **{**G1, "placement_id": "G2"})
    assert again["because"] == "placed"
    back = await desk.say("placements/G1/recall", 200, "04-01", reason="too slow")
    assert (back["state"], back["recalled_on"]) == ("recalled", "2027-04-01")
    assert (await desk.money())["collectable_minor"] == 15675
    await desk.pay("P3", 5000, "05-01")
    await desk.pay("P4", 5000, "05-02")
    commissions = (await desk.see("placements/G1"))["commissions"]
    assert [each["commission_minor"] for each in commissions] == [599, 180, 900]
    assert (await desk.see("/v1/accounts/C1"))["placements"] == []
    assert len((await desk.see("placements?state=recalled"))["items"]) == 1


async def test_a_sale_is_paid_and_returned(desk: Desk) -> None:
    await desk.open(("I1", 20000), ("I2", 5000), day="03-01")
    sale: Body = {"placement_id": "S1", "kind": "sale", "to": "Ankauf GmbH", "currency": "EUR"}
    refused = await desk.say("placements", 422, "03-01", commission_percent="1", **sale)
    assert pointers(refused) == ["/invoice_ids", "/price_minor", "/commission_percent"]
    sale |= {"invoice_ids": ["I1"], "price_minor": 4000}
    dispute: Body = {"dispute_id": "D1", "invoice_id": "I1", "reason_code": "quality"}
    await desk.say("disputes", 201, "03-01", amount_minor=1, **dispute)
    assert (await desk.say("placements", 409, "03-01", **sale))["because"] == "disputed"
    await desk.say("disputes/D1/resolve", 200, "03-01", outcome="rejected", reason="no")
    waits = await desk.say("placements", 202, "03-01 13:00", **sale)
    assert (waits["kind"], waits["role"]) == ("sale", "finance")
    await desk.decide("write-off:S1", at="03-02", role="finance")
    sold = await desk.see("placements/S1")
    assert (sold["state"], sold["placed_minor"]) == ("sold", 20000)
    assert (await desk.say("placements/S1/recall", 409, reason="no"))["state"] == "sold"
    money: Body = {"payment_id": "B1", "amount_minor": 3999, "received_at": instant("03-05")}
    refused = await desk.say("placements/S1/payments", 422, "03-05", **money)
    assert refused["price_minor"] == 4000
    money["amount_minor"] = 4000
    paid = await desk.say("placements/S1/payments", 201, "03-05", **money)
    assert paid["paid_minor"] == 4000
    assert (await desk.money())["balance_minor"] == 5000
    await desk.say("write-offs/S1/reverse", 200, "03-10", reason="the buyer returned it")
    assert (await desk.money())["balance_minor"] == 25000
    assert (await desk.see("placements/S1"))["state"] == "reversed"


async def test_what_a_placement_says_wrong(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    for percent in ("101", "18%", "1.", "-1", "1e1"):
        refused = await desk.say("placements", 422, **{**G1, "commission_percent": percent})
        assert pointers(refused) == ["/commission_percent"]
    wrong: Body = {**G1, "invoice_ids": ["I9"], "until_on": "2027-01-01"}
    refused = await desk.say("placements", 422, "01-12", **wrong)
    assert pointers(refused) == ["/invoice_ids/0", "/until_on"]
    await desk.say("holds", 201, "01-12", hold_id="H1", kind="complaint", reason="a letter")
    held = await desk.say("placements", 409, "01-12 13:00", **G1)
    assert held["because"] == "hold"


async def test_credit_is_told_and_advised(desk: Desk) -> None:
    """The story S11."""
    await desk.open()
    limited = an_account(
        "C1", time="2026-12-02T09:00:00Z", currency="EUR", credit_limit_minor=10000
    )
    await desk.events({**limited, "type": "account-updated"})
    await desk.invoice("I1", 8000)
    await desk.invoice("I2", 2000)
    credit = await desk.see("credit")
    assert (credit["exposure_minor"], credit["available_minor"]) == (10000, 0)
    assert credit["exceeded_since_on"] is None
    await desk.invoice("I3", 1)
    credit = await desk.see("credit")
    assert (credit["available_minor"], credit["currency"]) == (-1, "EUR")
    assert credit["exceeded_since_on"] == "2026-12-11"
    asked: Body = {"currency": "EUR", "amount_minor": 500}
    advice = await desk.say("credit/check", 200, **asked)
    assert (advice["allowed"], advice["because"]) == (False, ["limit"])
    await desk.pay("P1", 600, "01-12")
    advice = await desk.say("credit/check", 200, **asked)
    assert advice == {"allowed": True, "available_minor": 599, "because": []}
    await desk.start("03-01")
    assert (await desk.say("credit/check", 200, **asked))["because"] == ["overdue"]
    await desk.see("/v1/accounts/C9/credit", 404)
