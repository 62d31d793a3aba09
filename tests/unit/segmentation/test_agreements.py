"""Promises, plans, settlements, holds and placements in the features, whatever is judged again."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.segmentation.domain.encoding import decode_account, encode_account
from services.segmentation.domain.features import features_of
from services.segmentation.domain.fold import fold
from services.segmentation.domain.invoices import fact_of
from services.segmentation.domain.policies.vocabulary import VOCABULARY
from shared.events import ledger
from tests.unit.segmentation.builders import ACCOUNT, Story, an_allocation, day, owed_now

OF: dict[str, Any] = {"account_id": ACCOUNT, "currency": "EUR", "invoice_ids": ("I1",)}
BY_STATE: dict[str, Any] = {
    "kept": ledger.PromiseKept,
    "partly_kept": ledger.PromisePartlyKept,
    "broken": ledger.PromiseBroken,
}
NAMES = {cls: name for name, cls in ledger.TYPES.items()}


def say(story: Story, data: Any, number: int) -> Story:
    return story.say(NAMES[type(data)], data, number)


def made(promise_id: str) -> Any:
    return ledger.PromiseMade(
        **OF, promise_id=promise_id, amount_minor=10_000, due_on=day(9), grace_until_on=day(11)
    )


def judged(promise_id: str, state: str, *, again: bool = False) -> Any:
    fields: dict[str, Any] = {
        **OF,
        "promise_id": promise_id,
        "amount_minor": 10_000,
        "received_minor": 0,
        "due_on": day(9),
    }
    if state == "cancelled" and not again:
        return ledger.PromiseCancelled(
            **OF, promise_id=promise_id, received_minor=0, because="nothing-left"
        )
    if again or state == "open":
        return ledger.PromiseRejudged(**fields, from_state="x", to_state=state, because="payment P")
    return BY_STATE[state](**fields)


STATES = ("open", "kept", "partly_kept", "broken", "cancelled")


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["R1", "R2"]), st.sampled_from(STATES), st.booleans()),
        max_size=6,
    ),
    st.integers(0, 6),
)
def test_what_was_said_last_of_a_promise_counts(
    judgements: list[tuple[str, str, bool]], cut: int
) -> None:
    story = Story().registered()
    say(say(story, made("R1"), 1), made("R2"), 1)
    last = {"R1": "open", "R2": "open"}
    for number, (promise_id, state, again) in enumerate(judgements, start=10):
        say(story, judged(promise_id, state, again=again), number)
        last[promise_id] = state
    account = story.folded()
    features = features_of(account)
    found = (
        features.open_promises,
        features.promises_kept,
        features.promises_partly_kept,
        features.promises_broken,
    )
    states = list(last.values())
    assert found == tuple(states.count(s) for s in ("open", "kept", "partly_kept", "broken"))
    halves = Story().folded()
    for number, event in enumerate(story.events):  # stored in between, and said twice
        if number == cut:
            halves = decode_account(encode_account(halves))
        fold(halves, ACCOUNT, event)
        fold(halves, ACCOUNT, event)
    assert features_of(halves) == features


def test_a_promise_broken_long_ago_is_forgotten_but_was_judged() -> None:
    story = Story().registered()
    say(say(story, made("R1"), 1), judged("R1", "broken"), 12)
    say(say(story, made("R2"), 100), judged("R2", "kept"), 120)
    near = features_of(story.folded())
    assert (near.promises_broken, near.promise_kept_percent) == (1, 50)
    far = features_of(story.issued("I9", 12 + 181, due=230).folded())
    assert (far.promises_broken, far.promises_ever_broken, far.promise_kept_percent) == (0, 1, 50)
    assert features_of(Story().registered().folded()).promise_kept_percent is None


def _plan(cls: Any, **more: Any) -> Any:
    return cls(**OF, plan_id="L1", **more)


def _instalment(cls: Any, **more: Any) -> Any:
    return cls(**OF, plan_id="L1", n=2, due_on=day(30), amount_minor=5, **more)


def test_a_plan_its_missed_instalments_and_its_default_taken_back() -> None:
    story = Story().registered()
    freeze = ledger.Freeze(True, True)
    agreed = _plan(ledger.PlanAgreed, kind="equal", total_minor=10, instalments=(), freeze=freeze)
    say(story, agreed, 1)
    assert features_of(story.folded()).arrangement == "plan"
    say(story, _instalment(ledger.InstalmentMissed, short_minor=5, missed_count=1), 34)
    assert features_of(story.folded()).missed_instalments == 1
    say(story, _plan(ledger.PlanDefaulted, because="days", paid_minor=0, arrears_minor=5), 64)
    features = features_of(story.folded())
    assert (features.arrangement, features.plans_defaulted) == (None, 1)
    assert features.missed_instalments == 0, "of what is no longer in force"
    rejudged = {"from_state": "x", "because": "payment P2"}
    say(story, _instalment(ledger.InstalmentRejudged, **rejudged, to_state="paid"), 65)
    say(story, _plan(ledger.PlanRejudged, **rejudged, to_state="active", paid_minor=5), 65)
    features = features_of(story.folded())
    assert (features.arrangement, features.plans_defaulted) == ("plan", 0)
    assert features.missed_instalments == 0


def test_a_settlement_that_lapses() -> None:
    story = Story().registered()
    terms: dict[str, Any] = {"base_minor": 9, "amount_minor": 5, "conceded_minor": 4}
    accepted = ledger.SettlementAccepted(
        **OF, **terms, settlement_id="T1", kind="bid", instalments=(), how="policy"
    )
    say(story, accepted, 1)
    assert features_of(story.folded()).arrangement == "settlement"
    lapsed = ledger.SettlementLapsed(**OF, settlement_id="T1", because="not-paid", paid_minor=0)
    features = features_of(say(story, lapsed, 20).folded())
    assert (features.arrangement, features.settlements_lapsed) == (None, 1)


def test_holds_stand_on_their_days_and_placements_until_the_recall() -> None:
    story = Story().registered()
    hold = ledger.HoldPlaced(
        account_id=ACCOUNT, currency=None, invoice_ids=None, hold_id="H1", kind="hardship",
        from_on=day(10), until_on=day(20), stops=("contact",),
    )  # fmt: skip
    placed = ledger.AccountPlaced(
        **OF, placement_id="G1", kind="agency", to="Inkasso", placed_minor=1, invoices=()
    )
    say(say(story, hold, 5), placed, 5)
    assert features_of(story.folded()).hold_kinds == ()
    assert features_of(story.issued("I1", 10, due=40).folded()).hold_kinds == ("hardship",)
    released = ledger.HoldReleased(
        account_id=ACCOUNT, currency=None, invoice_ids=None, hold_id="H1", kind="hardship",
        released_on=day(15), because="released",
    )  # fmt: skip
    features = features_of(say(story, released, 15).folded())
    assert (features.hold_kinds, features.is_placed) == ((), True)
    recalled = ledger.AccountRecalled(**OF, placement_id="G1", because="paid")
    assert not features_of(say(story, recalled, 16).folded()).is_placed


def test_amounts_of_agreements_and_charges_are_features() -> None:
    story = Story().registered().issued("I1", 0, due=14)
    amounts = (
        ledger.Amounts(
            "EUR", 100, 100, 0, 0, 0, 100, None, 0,
            promised_minor=30, recoverable_minor=20, charges_minor=10,
        ),
    )  # fmt: skip
    features = features_of(say(story, _with(made("R1"), amounts), 1).folded())
    found = (features.promised_minor, features.recoverable_minor, features.charges_minor)
    assert found == (30, 20, 10)


def _with(data: Any, amounts: tuple[ledger.Amounts, ...]) -> Any:
    return type(data)(
        **{
            **{name: getattr(data, name) for name in data.__struct_fields__},
            "amounts": amounts,
        }
    )


@pytest.mark.parametrize(("write_off_id", "settled_on"), [("W1", None), ("small:I1", day(30))])
def test_what_is_written_off_was_not_paid_but_for_a_small_rest(
    write_off_id: str, settled_on: date | None
) -> None:
    story = Story().registered().issued("I1", 0, due=14).paid("P1", 20, {"I1": 9_990})
    put = ledger.Allocation(
        write_off_id, "I1", 10, story.events[-1].time, day(30), 16, source_kind="write_off"
    )
    given_up = ledger.AccountWrittenOff(
        **OF, write_off_id=write_off_id, kind="uncollectable", amount_minor=10, allocations=(put,),
        amounts=(owed_now(),),
    )  # fmt: skip
    account = say(story, given_up, 30).folded()
    assert features_of(account).open_invoices == 0
    assert features_of(account).settled == (settled_on is not None)
    fact = fact_of(ACCOUNT, "consumer", "UTC", "I1", account.invoices["I1"])
    assert fact is not None
    assert fact.settled_on == settled_on


def test_money_on_a_charge_or_a_recovery_is_not_on_the_invoice() -> None:
    story = Story().registered().issued("I1", 0, due=14)
    fee = ledger.Allocation(
        "P1", "I1", 5_000, story.events[-1].time, day(20), 6, charge_id="late-fee:I1:1"
    )
    loose = ledger.Allocation("P1", None, 500, story.events[-1].time, day(20), 6, charge_id="fee")
    moved = ledger.AllocationChanged(
        account_id=ACCOUNT,
        because="payment P1",
        allocations=(fee, loose, an_allocation("P1", "I1", 1_000, 20)),
        amounts=(owed_now(),),
    )
    account = story.say("allocation-changed", moved, 20).folded()
    assert account.invoices["I1"].open_minor == 9_000


def test_policies_can_ask_for_them() -> None:
    assert {
        "promises_broken_from", "promise_kept_percent_below", "open_promises_from", "promised_from",
        "arrangement", "missed_instalments_from", "holds_any", "placed", "recoverable_from",
        "charges_from", "plans_defaulted_from",
    } <= VOCABULARY.keys()  # fmt: skip
