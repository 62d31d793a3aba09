"""From facts to the next contact."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.debtors.domain.invoices import Invoice, Resume
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain.cancellations import first_reason, reason_to_cancel
from services.outreach.dunning.domain.debtor_facts import DebtorFacts, StepMade, SubjectKey
from services.outreach.dunning.domain.planning import Plan
from services.outreach.dunning.domain.planning import plan as planning
from services.outreach.dunning.domain.workdays import first_in_office
from tests.unit.outreach.builders import (
    MONDAY,
    STRATEGIES,
    Govern,
    Post,
    a_debtor,
    a_stop,
    an_account,
    an_invoice,
    an_item,
    at,
    made_steps,
    upcoming,
    weekdays,
)

TUESDAY_MORNING = at("2026-03-03 08:00")
KEY: SubjectKey = ("C1", "invoice", "I1", MONDAY, "")


IN_UTC = weekdays("UTC")


def plan(debtor: DebtorFacts, instant: datetime, govern: Govern = IN_UTC) -> Plan | None:
    return planning(debtor, instant, Post(govern)).contact


def planned(debtor: DebtorFacts, instant: str = "2026-03-03 00:00", *zones: str) -> Plan:
    found = plan(debtor, at(instant), weekdays(*zones or ("UTC",)))
    assert found is not None
    return found


def steps(found: Plan) -> dict[str, str]:
    return {item.subject_id: item.step for item in found.items}


def test_an_overdue_invoice_is_reminded_of_on_the_morning_after_its_due_day() -> None:
    found = planned(a_debtor(an_invoice()))
    assert found.due_at == TUESDAY_MORNING
    assert steps(found) == {"I1": "reminder"}


def test_each_step_follows_the_one_that_was_made() -> None:
    made = made_steps("upcoming", "reminder")
    found = planned(a_debtor(an_invoice(), steps=made))
    assert steps(found) == {"I1": "second-reminder"}
    assert found.due_at == at("2026-03-10 08:00")


def test_a_weekend_is_shifted_to_monday() -> None:
    friday = date(2026, 3, 6)
    found = planned(a_debtor(an_invoice(due_on=friday)), "2026-03-07 00:00")
    assert found.due_at == at("2026-03-09 08:00")


def test_a_reminder_before_the_due_day_waits_for_the_ledger_to_say_due_soon() -> None:
    due_on = date(2026, 3, 20)
    quiet = an_invoice(stage=None, due_on=due_on)
    assert plan(a_debtor(quiet), at("2026-03-13 00:00")) is None
    found = planned(a_debtor(upcoming(due_on=due_on)), "2026-03-13 00:00")
    assert steps(found) == {"I1": "upcoming"}
    assert found.due_at == at("2026-03-13 08:00")


def test_due_soon_of_an_earlier_due_day_says_nothing_of_the_new_one() -> None:
    moved = upcoming(due_on=date(2026, 3, 20))
    moved = replace(moved, due_on=date(2026, 3, 25))
    assert plan(a_debtor(moved), at("2026-03-13 00:00")) is None


@pytest.mark.parametrize(
    ("day", "is_made"), [("2026-03-20 12:00", True), ("2026-03-21 00:00", False)]
)
def test_a_reminder_is_made_up_to_the_due_day_and_never_after(day: str, is_made: bool) -> None:
    debtor = a_debtor(upcoming(due_on=date(2026, 3, 20)))  # a Friday
    assert (plan(debtor, at(day)) is not None) is is_made


def test_nobody_is_contacted_while_the_tenant_has_not_said_from_when() -> None:
    assert plan(a_debtor(an_invoice(), contact_from=None), TUESDAY_MORNING) is None


def test_steps_due_before_contact_from_are_skipped() -> None:
    debtor = a_debtor(an_invoice(), contact_from=date(2026, 3, 11))
    found = planned(debtor)  # reminder on the 3rd and second reminder on the 10th are skipped
    assert steps(found) == {"I1": "firm-notice"}
    assert found.due_at == at("2026-03-20 08:00")


def test_a_step_due_before_contact_from_is_skipped_though_a_weekend_moves_it_there() -> None:
    invoice = an_invoice(due_on=date(2026, 3, 6))  # reminder on Saturday, the 7th: made on Monday
    found = planned(a_debtor(invoice, contact_from=date(2026, 3, 9)))
    assert steps(found) == {"I1": "second-reminder"}


def test_the_step_due_on_contact_from_itself_is_made() -> None:
    found = planned(a_debtor(an_invoice(), contact_from=date(2026, 3, 10)))
    assert (steps(found), found.due_at) == ({"I1": "second-reminder"}, at("2026-03-10 08:00"))


def test_an_account_never_contacted_starts_at_the_first_overdue_step() -> None:
    debtor = a_debtor(
        an_invoice(stage=61, due_on=date(2025, 12, 15)),
        accounts=(an_account(is_contacted=False),),
        contact_from=date(2026, 3, 2),
    )
    found = planned(debtor, "2026-02-20 00:00")
    assert steps(found) == {"I1": "reminder"}
    assert found.due_at == at("2026-03-02 08:00")
    anchors = planning(debtor, at("2026-02-20 00:00"), Post(IN_UTC)).anchors
    assert anchors == {("C1", "I1"): date(2026, 3, 1)}


def test_a_late_start_keeps_the_distances_of_the_plan() -> None:
    invoice = an_invoice(stage=61, due_on=date(2025, 12, 15), anchor_on=date(2026, 3, 1))
    made = made_steps("reminder", due_on=date(2025, 12, 15))
    found = planned(a_debtor(invoice, steps=made))
    assert steps(found) == {"I1": "second-reminder"}
    assert found.due_at == at("2026-03-09 08:00")  # anchor + 8


def test_a_first_message_is_never_a_firm_one() -> None:
    """Earlier steps were suppressed for want of an address: the ladder went on in silence."""
    made = made_steps("reminder", "second-reminder")
    debtor = a_debtor(an_invoice(), accounts=(an_account(is_contacted=False),), steps=made)
    found = planned(debtor)
    assert steps(found) == {"I1": "firm-notice"}
    assert found.lead.words == "reminder"


def test_several_steps_that_have_come_are_one_contact_at_the_latest() -> None:
    found = planned(a_debtor(an_invoice()), "2026-03-25 09:00")
    assert (steps(found), found.due_at) == ({"I1": "firm-notice"}, at("2026-03-25 09:00"))


def test_all_invoices_of_a_debtor_are_one_contact_at_the_firmest_tone() -> None:
    accounts = (an_account("C1"), an_account("C2", kind="business"))
    debtor = a_debtor(
        an_invoice("I1"),  # one day late: reminder
        an_invoice("I2", due_on=date(2026, 2, 10)),  # 21 days: firm
        upcoming("I3", due_on=date(2026, 3, 9)),  # due in a week: on the 2nd
        an_invoice("I4", account_id="C2", due_on=date(2026, 2, 20)),  # 11 days: business, firm
        an_invoice("I5", due_on=date(2026, 3, 3)),  # its day comes tomorrow
        accounts=accounts,
    )
    found = planned(debtor, "2026-03-03 09:00")
    assert steps(found) == {
        "I1": "reminder", "I2": "firm-notice", "I3": "upcoming", "I4": "firm-notice",
    }  # fmt: skip
    assert (found.lead.subject_id, found.strategy.name, found.lead.tone) == (
        "I2", "consumer", "firm",
    )  # fmt: skip


def test_a_person_outranks_every_message() -> None:
    debtor = a_debtor(an_invoice("I1"), an_invoice("I2", due_on=MONDAY - timedelta(days=60)))
    assert planned(debtor, "2026-03-03 09:00").channel == "person"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "paid"},
        {"state": "void"},
        {"disputed_minor": 10_000},
        {"stage": None},
    ],
)
def test_what_is_paid_void_disputed_or_corrected_has_no_steps(change: dict[str, Any]) -> None:
    assert plan(a_debtor(an_invoice(**change)), TUESDAY_MORNING) is None


def test_only_the_steps_of_the_paid_invoice_fall_away() -> None:
    debtor = a_debtor(an_invoice("I1", state="paid"), an_invoice("I2"))
    assert steps(planned(debtor)) == {"I2": "reminder"}


def test_a_partial_dispute_leaves_the_rest_to_be_asked_for() -> None:
    assert steps(planned(a_debtor(an_invoice(disputed_minor=9_999)))) == {"I1": "reminder"}


def test_an_invoice_open_again_goes_on_with_its_next_step() -> None:
    made = made_steps("reminder")
    debtor = a_debtor(
        an_invoice(stage=31, resumes=(Resume(date(2026, 4, 20), "reopened"),)), steps=made
    )
    found = planned(debtor, "2026-04-20 12:00")
    assert steps(found) == {"I1": "second-reminder"}
    assert found.due_at == at("2026-04-20 12:00")


def test_a_debtor_is_contacted_once_a_day_at_most() -> None:
    debtor = a_debtor(an_invoice(), last_message_at=at("2026-03-03 08:30"))
    assert planned(debtor, "2026-03-03 10:00").due_at == at("2026-03-04 08:00")


def test_a_reminder_that_the_daily_limit_pushes_beyond_the_due_day_is_dropped() -> None:
    debtor = a_debtor(upcoming(due_on=date(2026, 3, 20)), last_message_at=at("2026-03-20 08:00"))
    assert plan(debtor, at("2026-03-20 10:00")) is None


def test_the_plan_waits_for_every_plausible_zone() -> None:
    found = planned(a_debtor(an_invoice()), "2026-03-03 00:00", "America/Los_Angeles", "UTC")
    assert found.due_at == at("2026-03-03 16:00")
    assert found.put_off is not None
    assert (found.verdict, found.put_off.until) == ("allow", found.due_at)


def test_what_only_a_person_may_decide_is_planned_with_that_verdict() -> None:
    zones = ("America/Los_Angeles", "Asia/Singapore", "UTC")
    found = planned(a_debtor(an_invoice()), "2026-03-03 00:00", *zones)
    assert found.due_at == at("2026-03-03 00:00")
    assert found.decision is not None
    assert found.decision.verdict == "require_approval"


def test_a_step_that_comes_while_another_waits_for_its_hour_is_in_the_same_contact() -> None:
    friday = an_invoice("I1", due_on=date(2026, 3, 5))  # reminded of on the 6th
    saturday = an_invoice("I2", due_on=date(2026, 3, 6))
    found = planned(a_debtor(friday, saturday), "2026-03-06 21:30")
    assert found.due_at == at("2026-03-09 08:00")
    assert steps(found) == {"I1": "reminder", "I2": "reminder"}


def test_a_reminder_that_the_rules_push_beyond_its_day_is_dropped() -> None:
    debtor = a_debtor(upcoming("I1", due_on=date(2026, 3, 6)), an_invoice("I2"))
    found = planned(debtor, "2026-03-06 21:30")  # the reminder's last day is this Friday
    assert (steps(found), found.due_at) == ({"I2": "reminder"}, at("2026-03-09 08:00"))


def test_work_for_a_person_needs_no_leave_of_the_governor() -> None:
    def never(_at: datetime) -> Any:
        raise AssertionError("no message is to be sent")

    debtor = a_debtor(an_invoice(), steps=made_steps("final-notice"))
    found = plan(debtor, at("2026-04-18 03:00"), never)
    assert found is not None
    assert (found.due_at, found.decision) == (at("2026-04-20 08:00"), None)  # after the weekend


@pytest.mark.parametrize(
    ("debtor", "because"),
    [
        (a_debtor(an_invoice()), None),
        (a_debtor(an_invoice(state="paid")), "paid"),
        (a_debtor(an_invoice(state="void")), "corrected"),
        (a_debtor(an_invoice(due_on=date(2026, 3, 9))), "corrected"),
        (a_debtor(an_invoice(stage=None)), "corrected"),
        (a_debtor(an_invoice(disputed_minor=10_000)), "disputed"),
        (a_debtor(an_invoice(), contact_from=None), "hold"),
        (a_debtor(an_invoice(), accounts=(an_account("C2"),)), "superseded"),
        (a_debtor(an_invoice(), accounts=(an_account(is_erased=True),)), "erased"),
        (a_debtor(), "corrected"),
        (a_debtor(an_invoice(state="written_off")), "written-off"),
        (a_debtor(an_invoice(), stops=(a_stop("hold"),)), "hold"),
        (a_debtor(an_invoice(disputed_minor=10_000), stops=(a_stop("hold"),)), "disputed"),
        (a_debtor(an_invoice(disputed_minor=10_000), stops=(a_stop("plan"),)), "plan"),
        (a_debtor(an_invoice(), stops=(a_stop("hold"), a_stop("promise"))), "promise"),
        (a_debtor(an_invoice(), stops=(a_stop(invoice_ids=("I2",)),)), None),
        (a_debtor(an_invoice(), stops=(a_stop(currency="USD"),)), None),
        (a_debtor(an_invoice(), stops=(a_stop(account_id="C2"),)), None),
        (a_debtor(an_invoice(), stops=(a_stop(from_on=date(2026, 3, 4)),)), None),
        (a_debtor(an_invoice(), stops=(a_stop(ended_on=date(2026, 3, 3)),)), None),
    ],
)
def test_the_fate_of_a_planned_step(debtor: object, because: str | None) -> None:
    found = reason_to_cancel(an_item(), debtor, at("2026-03-03 09:00"))  # type: ignore[arg-type]
    assert found == because


def test_nothing_is_planned_inside_a_stop_and_the_ladder_goes_on_after_it() -> None:
    invoice = an_invoice()
    for kind in ("promise", "plan", "settlement", "hold", "placed"):
        debtor = a_debtor(invoice, stops=(a_stop(kind),))
        assert plan(debtor, at("2026-03-05 09:00"), weekdays("UTC")) is None
    ended = a_stop("promise", ended_on=date(2026, 3, 12))
    found = planned(a_debtor(invoice, stops=(ended,)), "2026-03-12 21:30")
    assert (steps(found), found.due_at) == ({"I1": "reminder"}, at("2026-03-13 08:00"))
    made = {KEY: (StepMade(1, "reminder", date(2026, 3, 13)),)}  # the rest keeps its distance
    later = planned(a_debtor(invoice, steps=made, stops=(ended,)), "2026-03-13 09:00")
    first, second = STRATEGIES["consumer"].overdue[:2]
    assert steps(later) == {"I1": second.name}
    apart = second.ladder_day - first.ladder_day
    assert (later.due_at.date() - date(2026, 3, 13)).days == apart


def test_a_stop_of_some_invoices_leaves_the_others_to_be_asked_for() -> None:
    debtor = a_debtor(an_invoice("I1"), an_invoice("I2"), stops=(a_stop(invoice_ids=("I1",)),))
    assert steps(planned(debtor, "2026-03-03 08:00")) == {"I2": "reminder"}


def test_the_most_telling_reason_is_given() -> None:
    assert first_reason(["superseded", "paid", "disputed"]) == "paid"
    assert first_reason([]) == "superseded"


INVOICES = st.builds(
    an_invoice,
    invoice_id=st.sampled_from(["I1", "I2", "I3", "I4"]),
    account_id=st.sampled_from(["C1", "C2"]),
    due_on=st.dates(date(2025, 10, 1), date(2026, 5, 1)),
    due_soon_on=st.dates(date(2026, 2, 1), date(2026, 5, 1)) | st.none(),
    stage=st.sampled_from([None, 1, 31]),
    state=st.sampled_from(["open", "open", "paid", "void"]),
    disputed_minor=st.sampled_from([0, 0, 5_000, 10_000]),
    resumes=st.lists(
        st.builds(Resume, st.dates(date(2026, 1, 1), date(2026, 3, 1)), st.just("reopened")),
        max_size=2,
    ).map(tuple),
)

STOPS = st.builds(
    a_stop,
    account_id=st.sampled_from(["C1", "C2"]),
    kind=st.sampled_from(["promise", "hold"]),
    invoice_ids=st.sampled_from([None, ("I1",), ("I1", "I2")]),
    from_on=st.dates(date(2025, 12, 1), date(2026, 2, 1)),
    ended_on=st.dates(date(2026, 1, 1), date(2026, 4, 1)) | st.none(),
)


@settings(max_examples=200)
@given(
    invoices=st.lists(INVOICES, max_size=4, unique_by=lambda i: (i.account_id, i.invoice_id)),
    zones=st.sampled_from([("UTC",), ("Asia/Tokyo", "UTC"), ("America/Los_Angeles", "UTC")]),
    contact_from=st.dates(date(2026, 1, 1), date(2026, 4, 1)),
    contacted=st.booleans(),
    hours=st.integers(0, 24 * 60),
    stops=st.lists(STOPS, max_size=2),
)
def test_whatever_the_facts_a_plan_keeps_the_rules(
    invoices: list[Invoice],
    zones: tuple[str, ...],
    contact_from: date,
    contacted: bool,
    hours: int,
    stops: list[Stop],
) -> None:
    now = at("2026-02-01 00:00") + timedelta(hours=hours)
    accounts = tuple(an_account(name, is_contacted=contacted) for name in ("C1", "C2"))
    debtor = a_debtor(*invoices, accounts=accounts, contact_from=contact_from, stops=tuple(stops))
    govern = weekdays(*zones)
    found = plan(debtor, now, govern)
    if found is None:
        return
    assert found.due_at >= now
    is_message = found.channel != "person"
    bound = zones if is_message else ("UTC",)  # the office's
    assert all(first_in_office(found.due_at, name) == found.due_at for name in bound)
    assert found.due_at.date() >= contact_from
    known = {(i.account_id, i.invoice_id): i for i in invoices}
    assert len({item.key for item in found.items}) == len(found.items) > 0
    for item in found.items:
        invoice = known[item.account_id, item.subject_id]
        step = STRATEGIES["consumer"].step(item.step)
        assert step is not None
        assert invoice.state == "open"
        assert not invoice.is_disputed
        assert reason_to_cancel(item, debtor, now) is None
        if step.is_before_due:
            assert invoice.stage is None
            assert found.due_at.date() <= invoice.due_on
        else:
            assert invoice.stage is not None
            assert contacted or step.is_person or item.words == "reminder"
    if not contacted:
        assert found.lead.tone == "friendly"
    # What is planned at its own instant is the same contact: nothing is due in between.
    again = plan(debtor, found.due_at, govern)
    assert again is not None
    assert again.due_at == found.due_at
