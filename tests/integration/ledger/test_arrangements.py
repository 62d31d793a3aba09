"""Plans and settlements over HTTP: the golden stories, approvals, faults, previews, options."""

from typing import Any

from tests.integration.ledger.desk import Body, Desk, pointers


def bid(
    settlement_id: str, minor: int, pay_by_on: str = "2027-01-29", **more: Any
) -> dict[str, Any]:
    return {
        "settlement_id": settlement_id,
        "kind": "bid",
        "currency": "EUR",
        "amount_minor": minor,
        "pay_by_on": pay_by_on,
        **more,
    }


def plan(plan_id: str = "L1", **more: Any) -> dict[str, Any]:
    equal = {"count": 3, "first_due_on": "2027-01-15", "every": "month"}
    return {"plan_id": plan_id, "currency": "EUR", "equal": equal, **more}


async def test_bids_are_declined_approved_lapse_and_complete(desk: Desk) -> None:
    """The story S5."""
    await desk.open(("I1", 20000), day="01-20")
    declined = await desk.say("settlements", 201, "01-20 09:00", **bid("T0", 5000))
    assert (declined["state"], declined["because"]) == ("declined", "policy")
    assert (declined["counter_minor"], declined["pay_by_on"]) == (16000, "2027-02-19")
    waits = await desk.say("settlements", 202, "01-20 10:00", **bid("T1", 12000))
    assert waits["state"] == "pending_approval"
    assert (waits["approval_id"], waits["role"]) == ("settlement:T1", "supervisor")
    assert (waits["expires_on"], waits["base_minor"]) == ("2027-01-27", 20000)
    assert (waits["concession_minor"], waits["conceded_minor"]) == (8000, 0)
    assert await desk.stops() == {("settlement", "2027-01-27")}
    (waiting,) = (await desk.see("/v1/approvals?state=open"))["items"]
    assert (waiting["account_id"], waiting["amount_minor"]) == ("C1", 12000)
    decided = await desk.decide("settlement:T1", at="01-22 12:00")
    assert decided["state"] == "approved"
    assert (await desk.see("settlements/T1"))["state"] == "accepted"
    assert (await desk.see("/v1/approvals?state=open"))["items"] == []
    await desk.pay("P1", 11999, "02-02 22:00")
    await desk.start("02-03")
    lapsed = await desk.see("settlements/T1")
    assert (lapsed["state"], lapsed["because"]) == ("lapsed", "not-paid")
    await desk.pay("P2", 1, "02-02 23:00")
    assert (await desk.money())["balance_minor"] == 8000
    await desk.pay("P3", 1, "02-02 22:59:59")
    completed = await desk.see("settlements/T1")
    assert (completed["state"], completed["conceded_minor"]) == ("completed", 8000)
    assert [each["state"] for each in completed["instalments"]] == ["paid"]
    money = await desk.money()
    assert (money["balance_minor"], money["unapplied_minor"]) == (0, 1)


async def test_a_settlement_takes_the_place_of_a_plan(desk: Desk) -> None:
    """The story S6."""
    await desk.open(("I1", 30000))
    agreed = await desk.say("plans", 201, "01-12", **plan())
    assert [part["amount_minor"] for part in agreed["instalments"]] == [10000] * 3
    assert [part["due_on"] for part in agreed["instalments"]] == [
        "2027-01-15",
        "2027-02-15",
        "2027-03-15",
    ]
    account = await desk.see("/v1/accounts/C1")
    assert account["plan"]["plan_id"] == "L1"
    assert (await desk.check())["invoices"][0]["taken_by"] == "plan L1"
    await desk.pay("P1", 10000, "01-15")
    await desk.start("01-20")
    (running,) = (await desk.check())["arrangements"]
    assert (running["next_due_on"], running["next_minor"]) == ("2027-02-15", 10000)
    before = await desk.say(
        "settlements", 200, "01-20", preview=True, **bid("T1", 16000, "2027-02-12")
    )
    assert before["ends"] == [{"kind": "plan", "id": "L1"}]
    assert (await desk.see("plans/L1"))["state"] == "active"
    taken = await desk.say("settlements", 201, "01-20", **bid("T1", 16000, "2027-02-12"))
    assert (taken["state"], taken["base_minor"]) == ("accepted", 20000)
    assert taken["ends"] == [{"kind": "plan", "id": "L1"}]
    ended = await desk.see("plans/L1")
    assert (ended["state"], ended["because"]) == ("cancelled", "settlement T1")
    assert [part["state"] for part in ended["instalments"]] == ["paid", "open", "open"]
    await desk.start("02-17")
    assert (await desk.see("settlements/T1"))["state"] == "lapsed"
    assert (await desk.see("plans?state=cancelled"))["items"] == [await desk.see("plans/L1")]
    assert (await desk.money())["collectable_minor"] == 20000


async def test_a_hold_told_late(desk: Desk) -> None:
    """The story S12."""
    await desk.open(("I1", 10000), ("I2", 5000), ("I3", 3000))
    agency: Body = {
        "placement_id": "G1",
        "kind": "agency",
        "to": "Inkasso AG",
        "currency": "EUR",
        "invoice_ids": ["I2"],
        "commission_percent": "18",
    }
    await desk.say("placements", 202, "01-12 09:00", **agency)
    await desk.decide("placement:G1", at="01-12 09:30")
    two: Body = {"count": 2, "first_due_on": "2027-02-01", "every": "month"}
    await desk.say("plans", 201, "01-12 10:00", **plan(invoice_ids=["I1"], equal=two))
    promise: Body = {"currency": "EUR", "amount_minor": 3000, "invoice_ids": ["I3"]}
    await desk.say("promises", 201, "01-12 12:00", promise_id="R1", due_on="2027-01-29", **promise)
    await desk.start("01-25")
    hold: Body = {
        "hold_id": "H1",
        "kind": "deceased",
        "from_on": "2027-01-20",
        "reason": "his son rang",
    }
    placed = await desk.say("holds", 201, "01-25", **hold)
    assert (placed["state"], placed["until_on"]) == ("placed", None)
    ended = await desk.see("promises/R1")
    assert (ended["state"], ended["because"]) == ("cancelled", "hold H1")
    assert ended["history"][-1]["at"] == "2027-01-19T23:00:00Z"
    recalled = await desk.see("placements/G1")
    assert (recalled["state"], recalled["because"]) == ("recalled", "hold H1")
    assert recalled["history"][-1]["at"] == "2027-01-19T23:00:00Z"
    await desk.start("06-01")
    running = await desk.see("plans/L1")
    assert [part["state"] for part in running["instalments"]] == ["open", "open"]
    assert await desk.stops() == {("plan", None), ("hold", None)}
    (known,) = (await desk.check())["holds"]
    assert (known["hold_id"], known["kind"]) == ("H1", "deceased")
    again = await desk.say(
        "promises", 409, "06-01", promise_id="R2", due_on="2027-06-05", **promise
    )
    assert again["because"] == "hold"
    assert (await desk.say("settlements", 409, "06-01", **bid("T1", 12000, "2027-06-05")))[
        "because"
    ] == "hold"
    option = (await desk.see("options"))["currencies"][0]
    assert (option["promise"], option["settlement"]) == (None, None)
    assert option["because"] == {"promise": "hold", "plan": "plan L1", "settlement": "hold"}


# ── Plans ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_plan_beyond_the_policy_waits_for_a_supervisor(desk: Desk) -> None:
    await desk.open(("I1", 100000))
    long: Body = {"count": 15, "first_due_on": "2027-02-01", "every": "month"}
    waits = await desk.say("plans", 202, "01-12", **plan(equal=long))
    assert (waits["state"], waits["expires_on"]) == ("pending_approval", "2027-01-19")
    assert await desk.stops() == {("plan", "2027-01-19")}
    refused = await desk.decide("plan:L1", 403, role="finance")
    assert "supervisor" in refused["detail"]
    await desk.decide("plan:L1", 403, by={"kind": "collector", "id": "dev"})
    await desk.decide("plan:L1", at="01-13", decision="refuse")
    assert (await desk.see("plans/L1"))["state"] == "refused"
    again = await desk.decide("plan:L1", 409, at="01-14")
    assert again["state"] == "refused"
    await desk.decide("plan:L9", 404)
    await desk.say("plans", 202, "01-13", **plan("L2", equal=long))
    await desk.start("01-30")
    assert (await desk.see("plans/L2"))["because"] == "expired"
    (expired,) = (await desk.see("/v1/approvals?state=expired"))["items"]
    assert expired["approval_id"] == "plan:L2"
    assert len((await desk.see("/v1/approvals?account_id=C1"))["items"]) == 2


async def test_what_a_plan_says_wrong(desk: Desk) -> None:
    await desk.open(("I1", 10000), ("I2", 500))
    dues = [
        {"due_on": "2027-01-11", "amount_minor": 500},
        {"due_on": "2027-01-11", "amount_minor": 9000},
        {"due_on": "2030-01-11", "amount_minor": 1001},
    ]
    body: Body = {"plan_id": "L1", "currency": "EUR", "instalments": dues}
    refused = await desk.say("plans", 422, "01-12", **body)
    assert pointers(refused) == [
        "/instalments",
        "/instalments",
        "/instalments/0/due_on",
        "/instalments/1/due_on",
        "/instalments/2/due_on",
    ]
    assert (refused["total_minor"], refused["min_instalment_minor"]) == (10500, 1000)
    many: Body = {"count": 50, "first_due_on": "2027-01-12", "every": "week"}
    assert pointers(await desk.say("plans", 422, "01-12", **plan(equal=many))) == [
        "/equal/count",
        "/equal/count",
    ]
    both = plan(deferred={"due_on": "2027-02-01"}, invoice_ids=["I1", "I9"], replaces="L9")
    assert pointers(await desk.say("plans", 422, "01-12", **both)) == [
        "/invoice_ids/1",
        "",
        "/replaces",
    ]
    down = plan(down_payment_minor=10500)
    assert pointers(await desk.say("plans", 422, "01-12", **down)) == ["/down_payment_minor"]


async def test_a_plan_with_a_down_payment_and_one_that_replaces_it(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    agreed = await desk.say("plans", 201, "01-12", **plan(down_payment_minor=1000))
    assert [part["amount_minor"] for part in agreed["instalments"]] == [1000, 3000, 3000, 3000]
    assert agreed["instalments"][0]["due_on"] == "2027-01-12"
    in_the_way = await desk.say("plans", 409, "01-12 13:00", **plan("L2"))
    assert in_the_way["because"] == "plan L1"
    later = plan("L2", deferred={"due_on": "2027-03-01"}, replaces="L1")
    del later["equal"]
    newer = await desk.say("plans", 201, "01-12 13:00", **later)
    assert [part["amount_minor"] for part in newer["instalments"]] == [10000]
    assert (await desk.see("plans/L1"))["because"] == "plan L2"
    third = await desk.say("plans", 202, "01-12 14:00", **plan("L3", replaces="L2"))
    assert third["role"] == "supervisor", "a second re-agreement in a year"
    over = await desk.say("plans", 409, "01-12 15:00", **plan("L4", replaces="L1"))
    assert over["because"] == "cancelled"
    ended = await desk.say("plans/L3/cancel", 200, "01-12 15:00", reason="he pays")
    assert ended["state"] == "refused"
    (closed,) = (await desk.see("/v1/approvals"))["items"]
    assert closed["state"] == "withdrawn"


# ── Settlements ─────────────────────────────────────────────────────────────────────────────────


async def test_an_offer_is_accepted_declined_taken_back(desk: Desk) -> None:
    await desk.open(("I1", 20000))
    offer: Body = {**bid("T1", 5999), "kind": "offer"}
    refused = await desk.say("settlements", 422, "01-12", **offer)
    assert pointers(refused) == ["/amount_minor", "/valid_until_on"]
    assert refused["least_minor"] == 6000
    offer |= {"amount_minor": 16000, "valid_until_on": "2027-01-20"}
    made = await desk.say("settlements", 201, "01-12", **offer)
    assert (made["state"], await desk.stops()) == ("offered", set())
    second = {**offer, "settlement_id": "T2"}
    await desk.say("settlements", 201, "01-12 13:00", **second)
    assert (await desk.see("settlements/T1"))["because"] == "superseded"
    gone = await desk.say("settlements/T1/accept", 409, "01-12 14:00")
    assert gone["state"] == "lapsed"
    done = await desk.say("settlements/T2/accept", 200, "01-12 14:00")
    assert done["state"] == "accepted"
    stays = await desk.say("settlements/T2/cancel", 409, "01-12 15:00", reason="a slip")
    assert stays["state"] == "accepted"
    third = {**offer, "settlement_id": "T3"}
    await desk.say("settlements", 201, "01-12 16:00", **third)
    answer = await desk.client.post("/v1/accounts/C1/settlements/T3/decline")
    no = answer.json()
    assert (answer.status_code, no["state"], no["because"]) == (200, "declined", "debtor")
    await desk.say("settlements", 201, "01-12 18:00", **{**offer, "settlement_id": "T4"})
    back = await desk.say("settlements/T4/cancel", 200, "01-12 19:00", reason="a slip")
    assert (back["state"], back["because"]) == ("declined", "withdrawn")


async def test_what_a_settlement_says_wrong(desk: Desk) -> None:
    await desk.open(("I1", 20000))
    dues = [{"due_on": f"2027-01-{day}", "amount_minor": 4000} for day in (14, 15, 16, 13)]
    body: Body = {**bid("T1", 20000), "instalments": dues, "valid_until_on": "2027-02-01"}
    del body["pay_by_on"]
    refused = await desk.say("settlements", 422, "01-12", **body)
    assert pointers(refused) == [
        "/amount_minor",
        "/instalments/3/due_on",
        "/instalments",
        "/instalments",
        "/valid_until_on",
    ]
    assert refused["base_minor"] == 20000
    late = await desk.say("settlements", 422, "01-12", **bid("T1", 16000, "2027-03-01"))
    assert (pointers(late), late["latest_on"]) == (["/pay_by_on"], "2027-02-11")


async def test_bids_are_counted(desk: Desk) -> None:
    await desk.open(("I1", 20000))
    for number in range(3):
        await desk.say("settlements", 201, f"01-12 1{number}:00", **bid(f"T{number}", 100))
    refused = await desk.say("settlements", 409, "01-12 14:00", **bid("T9", 16000))
    assert refused["because"] == "bids"
    option = (await desk.see("options"))["currencies"][0]
    assert option["settlement"]["may_bid"] is False


# ── Options ─────────────────────────────────────────────────────────────────────────────────────


async def test_options_and_what_happens_between(desk: Desk) -> None:
    await desk.open(("I1", 20000), ("I2", 5000))
    answer = await desk.client.get("/v1/accounts/C1/options")
    (option,) = answer.json()["currencies"]
    assert option["pay"] == {"most_minor": 25000}
    assert option["promise"] == {"most_minor": 25000, "latest_on": "2027-02-11"}
    assert option["plan"]["total_minor"] == 25000
    assert (option["plan"]["max_count"], option["plan"]["invoice_ids"]) == (12, ["I1", "I2"])
    assert option["settlement"]["base_minor"] == 25000
    assert option["settlement"]["shares"]["auto_from_percent"] == 80
    assert option["because"] == {}
    seen: Body = {"If-Match": answer.headers["ETag"]}
    await desk.pay("P1", 1000, "01-12 08:00")
    moved = await desk.say("plans", 412, "01-12", headers=seen, **plan())
    assert moved["type"].endswith("account-moved")
    fresh = (await desk.client.get("/v1/accounts/C1/options")).headers["ETag"]
    await desk.say("plans", 201, "01-12", headers={"If-Match": fresh}, **plan())


# ── Holds ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_hold_is_placed_and_released(desk: Desk) -> None:
    await desk.open(("I1", 20000))
    manual: Body = {"hold_id": "H1", "kind": "manual", "reason": "a look at it"}
    refused = await desk.say("holds", 422, "01-12", invoice_ids=["I1", "I9"], **manual)
    assert pointers(refused) == ["/invoice_ids/1", "/until_on"]
    await desk.say("holds", 201, "01-12", until_on="2027-02-01", **manual)
    assert await desk.stops() == {("hold", "2027-02-01")}
    later = await desk.say(
        "holds/H1/release", 200, "01-13", released_on="2027-01-20", reason="seen"
    )
    assert (later["released_on"], later["until_on"]) == ("2027-01-20", "2027-01-19")
    assert await desk.stops() == {("hold", "2027-01-19")}
    again = await desk.say("holds/H1/release", 409, "01-14", reason="once more")
    assert again["state"] == "released"
    await desk.start("01-20")
    assert await desk.stops() == set()
    assert (await desk.see("/v1/accounts/C1"))["holds"] == []
    assert len((await desk.see("holds?state=released"))["items"]) == 1
