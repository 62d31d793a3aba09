"""What leaves at once, as the contact rules that come with the platform are asked about it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.outreach.activity.domain.contacts import DebtorContact, PromisedAmount
from services.outreach.activity.domain.decisions import Decision
from services.outreach.consents.domain import AccountWishes, ChannelConsent
from services.outreach.debtors.domain.debtor_profile import AccountProfile, DebtorProfile
from services.outreach.dunning.domain.contacts import SERVICE_LANE, lane_of
from services.outreach.dunning.domain.governor import ContactGovernor
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.service_messages import (
    ServiceMessage,
    ServiceTemplate,
    as_asked,
    kept_waiting,
)
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.documents import History
from shared.events import ledger
from shared.events.billing import Address, Phone
from tests.unit.outreach.builders import RULEBOOKS, at

NUMBER = "+12125550123"
NOON = at("2027-03-09 17:00")  # in New York; a Tuesday
CAUSE = "inbound 1"
BOOKS = RuleBookVersions(History({book.name: book for book in RULEBOOKS}))


def a_message(template: ServiceTemplate, instant: datetime = NOON, **more: Any) -> DebtorContact:
    message = ServiceMessage(
        template=template, account_id="C1", channel="sms", address=NUMBER, cause=CAUSE,
        asked_at=instant, **more,
    )  # fmt: skip
    return message.contact(
        "demo", instant, debtor_key="account/C1", debtor_id=None, zone="America/New_York",
        day=instant.date(), version="1",
    )  # fmt: skip


def a_profile(*consents: ChannelConsent) -> DebtorProfile:
    """A consumer in New York, whose own creditor writes."""
    details = ledger.Contact(
        account_id="C1", name="Ada", timezone="America/New_York",
        phones=(Phone(number=NUMBER, type="mobile", use="home", consent="written"),),
        addresses=(Address(line1="1 Street", city="New York", region="NY", postal_code="10001",
                           country="US"),),
    )  # fmt: skip
    wishes = AccountWishes("C1", consents)
    account = AccountProfile("C1", "consumer", "America/New_York", "US", details, wishes)
    return DebtorProfile("first", (account,))


GRANTED = ChannelConsent(
    "sms", "sms", "granted", at("2027-01-01 12:00"), NUMBER, "creditor", "written"
)
STOPPED = ChannelConsent("sms", "sms", "revoked", NOON, NUMBER, evidence=CAUSE)


def decided(
    contact: DebtorContact, *consents: ChannelConsent, instant: datetime = NOON
) -> Decision:
    governor = ContactGovernor(as_asked(a_profile(*consents), contact), (), BOOKS)
    if contact.service is not None and contact.service.is_requested:
        governor.initiated_by = "debtor"
    return governor.govern(instant, contact.items, "sms", NUMBER)


def test_a_word_to_stop_does_not_forbid_its_own_confirmation() -> None:
    contact = a_message("stop-confirmed")
    found = decided(contact, GRANTED, STOPPED)
    assert found.verdict == "allow", found.decided_by
    earlier = ChannelConsent("sms", "sms", "revoked", at("2027-03-01 12:00"), NUMBER, evidence="x")
    assert decided(contact, GRANTED, earlier, STOPPED).verdict == "block"


def test_a_code_is_the_debtors_own_wish_at_any_hour() -> None:
    night = at("2027-03-09 07:30")
    assert decided(a_message("code", night), GRANTED, instant=night).verdict == "allow"
    answered = decided(a_message("stop-confirmed", night), GRANTED, STOPPED, instant=night)
    assert answered.verdict == "defer"  # an answer keeps to the hours of the law


@pytest.mark.parametrize(
    ("template", "seconds", "kind"),
    [
        ("stop-confirmed", 0, "deferred"), ("stop-confirmed", 269, "deferred"),
        ("stop-confirmed", 270, "suppressed"), ("code", 0, "suppressed"),
        ("promise-made", 3_600, "deferred"), ("promise-made", 86_400, "suppressed"),
    ],
)  # fmt: skip
def test_it_waits_as_long_as_it_is_worth_sending(
    template: ServiceTemplate, seconds: int, kind: str
) -> None:
    outcome = Outcome(a_message(template), "deferred", "live-check-unanswered")
    assert kept_waiting(outcome, NOON + timedelta(seconds=seconds)).kind == kind


def test_one_for_each_cause_in_a_lane_of_its_own() -> None:
    promise = PromisedAmount("P1", "EUR", 100, NOON.date())
    found = [a_message("promise-made", promise=promise), a_message("stop-confirmed")]
    assert len({contact.contact_id for contact in found}) == 2
    assert {lane_of(contact).startswith(SERVICE_LANE) for contact in found} == {True}
    assert a_message("stop-confirmed").contact_id == found[1].contact_id
    assert [(i.subject, i.subject_id, i.n) for i in found[0].items] == [
        ("promise", "P1", 0), ("promise", "P1", 1),
    ]  # fmt: skip
