"""What receipts make of contacts, in any order and however often they come."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.outreach.activity.domain.contacts import Cover, DebtorContact, Item, State
from services.outreach.channels.domain.contract import Receipt, ReceiptState
from services.outreach.channels.domain.tenant_settings import Costs, VoiceCosts
from services.outreach.dunning.domain.contact_events import ContactEvents
from services.outreach.dunning.domain.outcomes import NOT_ACCEPTED, Outcome
from services.outreach.dunning.domain.receipts import outcomes_of, resolved
from shared.events import outreach
from tests.unit.outreach.builders import at

LEFT = at("2027-03-03 09:00")
ITEM = Item("C1", "I1", date(2027, 3, 2), "s", "reminder", "reminder", channels=("email", "sms"))
CONFIGURED = frozenset({"email", "sms", "letter"})


def contact(state: State = "sent", **fields: object) -> DebtorContact:
    made = DebtorContact(
        contact_id="6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab", debtor_key="C1", debtor_id=None,
        zone="UTC", channel="email", strategy="s", strategy_version="1", step="reminder",
        tone="friendly", template="reminder", template_version="1", state=state, due_at=LEFT,
        items=(ITEM,), covers=(Cover("C1", 1, ("I1",)),), attempted_at=LEFT,
        left_at=LEFT, message_id="m",
    )  # fmt: skip
    return replace(made, **fields)


def after(
    start: DebtorContact, receipts: list[Receipt], now: datetime = LEFT + timedelta(days=30)
) -> tuple[DebtorContact, list[str]]:
    """The contact after these receipts, and the types of the events."""
    types: list[str] = []
    for receipt in receipts:
        for outcome in outcomes_of(start, receipt, now, CONFIGURED, Costs()):
            types.append(f"contact-{outcome.kind}")
            start = outcome.ended(outcome.provider_at or now)
    return start, types


def receipt(state: ReceiptState, hours: float = 1, **fields: object) -> Receipt:
    return Receipt(state, LEFT + timedelta(hours=hours), token="t", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("states", "events"),
    [
        (["delivered", "sent", "failed"], ["contact-delivered"]),
        (["failed", "sent", "delivered"], ["contact-failed", "contact-delivered"]),
    ],
)
def test_out_g11_receipts_in_any_order(states: list[ReceiptState], events: list[str]) -> None:
    """OUT-G11."""
    ended, types = after(contact(), [receipt(state) for state in states])
    assert types == events
    assert ended.state == "delivered"


STATES = st.sampled_from(["sent", "failed", "delivered", "opened"])


@settings(max_examples=100)
@given(
    told=st.lists(st.tuples(STATES, st.floats(0, 100)), min_size=1, max_size=5),
    start=st.sampled_from(["sent", "uncertain"]),
    data=st.data(),
)
def test_any_order_and_repetition_of_receipts_ends_the_same(
    told: list[tuple[ReceiptState, float]], start: State, data: st.DataObject
) -> None:
    receipts = [receipt(state, hours) for state, hours in told]
    repeated = data.draw(st.lists(st.sampled_from(receipts), max_size=5))
    shuffled = data.draw(st.permutations([*receipts, *repeated]))
    one, _ = after(contact(start), receipts)
    other, types = after(contact(start), shuffled)
    assert one.state == other.state
    assert len(types) == len(set(types)), "each rise is said once"


def test_any_receipt_proves_that_an_uncertain_contact_was_sent() -> None:
    (proven,) = outcomes_of(
        contact("uncertain", find_at=LEFT), receipt("sent", provider_id="p1"), LEFT, (), Costs()
    )
    assert (proven.kind, proven.is_resolved, proven.ended(LEFT).message_id) == ("sent", True, "p1")
    assert proven.ended(LEFT).find_at is None
    _, types = after(contact("uncertain"), [receipt("failed")])
    assert types == ["contact-sent", "contact-failed"]


def test_a_failure_within_72_hours_leads_to_the_next_channel_and_is_no_attempt() -> None:
    (failed,) = outcomes_of(
        contact(), receipt("failed", 71, code="5.1.1", is_address_dead=True),
        LEFT + timedelta(days=9), CONFIGURED, Costs(),
    )  # fmt: skip
    assert (failed.next_channel, failed.is_late, failed.makes_steps) == ("sms", False, False)
    assert failed.ended(LEFT).attempted_at is None
    (entry,) = failed.announced(ContactEvents(failed.provider_at or LEFT))
    told = entry.announcement.data
    assert isinstance(told, outreach.ContactFailed)
    assert (told.reason_code, told.is_address_dead, told.next_channel) == ("5.1.1", True, "sms")
    assert told.failed_at == LEFT + timedelta(hours=71)


def test_a_failure_later_leaves_the_ladder_as_it_is() -> None:
    (failed,) = outcomes_of(
        contact(), receipt("failed", 73), LEFT + timedelta(days=9), CONFIGURED, Costs()
    )
    assert (failed.next_channel, failed.is_late, failed.makes_steps) == (None, True, True)
    assert failed.ended(LEFT).attempted_at == LEFT


def test_the_last_channel_that_fails_makes_the_step() -> None:
    last = contact(channel="sms", tried=("email",))
    (failed,) = outcomes_of(last, receipt("failed"), LEFT + timedelta(1), CONFIGURED, Costs())
    assert (failed.next_channel, failed.makes_steps) == (None, True)


def test_delivered_after_failed_counts_again() -> None:
    ended, _ = after(contact(), [receipt("failed"), receipt("delivered", 2)])
    assert (ended.state, ended.attempted_at) == ("delivered", LEFT)


def test_the_providers_instant_is_kept_between_the_hand_over_and_now() -> None:
    now = LEFT + timedelta(hours=2)
    early, late = receipt("delivered", -5), receipt("delivered", 500)
    for told, expected in ((early, LEFT), (late, now)):
        (outcome,) = outcomes_of(contact(), told, now, (), Costs())
        assert outcome.provider_at == expected


def test_a_call_costs_its_begun_minutes_and_has_its_outcome() -> None:
    costs = Costs(voice=VoiceCosts(call=100, minute=20_000))
    told = receipt("delivered", outcome="conversation", seconds=61)
    (outcome,) = outcomes_of(contact(channel="voice"), told, LEFT + timedelta(1), (), costs)
    ended = outcome.ended(LEFT)
    assert (ended.outcome, ended.cost_micros) == ("conversation", 40_100)
    assert ended.cost_currency == "EUR"


def test_what_was_surely_not_accepted_is_no_attempt_and_its_step_is_free() -> None:
    outcome: Outcome = resolved(contact("uncertain"), was_sent=False, message_id="")
    assert (outcome.why, outcome.makes_steps, outcome.leaves_nothing) == (NOT_ACCEPTED, False, True)
    assert outcome.ended(LEFT).attempted_at is None


@pytest.mark.parametrize("state", ["planned", "claimed", "cancelled", "suppressed", "handed-over"])
def test_of_what_was_never_handed_over_nothing_is_believed(state: State) -> None:
    assert outcomes_of(contact(state), receipt("delivered"), LEFT, (), Costs()) == []
