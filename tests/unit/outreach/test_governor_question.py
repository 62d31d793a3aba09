"""Our facts as the governor's question: what we keep the books of is known, the rest is not."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.outreach.compliance import read_question
from services.outreach.consents.domain import AccountWishes, ChannelConsent, Preference
from services.outreach.debtors.domain.debtor_profile import AccountProfile, DebtorProfile
from services.outreach.debtors.domain.governor_question import governor_question
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.residence import zone_countries
from services.outreach.history.domain import PastContact
from shared.events import ledger
from shared.events.billing import Address, Phone
from tests.unit.outreach.builders import MONDAY, an_invoice, at

NOW = at("2026-03-12 09:00")


def account(account_id: str = "C1", **fields: Any) -> AccountProfile:
    details = {
        name: fields.pop(name)
        for name in ("email", "phones", "addresses", "language")
        if name in fields
    }
    base: dict[str, Any] = {"kind": "consumer", "timezone": "Europe/Berlin"} | fields
    contact = ledger.Contact(
        account_id=account_id, name="Ada", timezone=base["timezone"], **details
    )
    return AccountProfile(account_id, details=contact, **base)


def asked(*accounts: AccountProfile, invoices: tuple[Invoice, ...] = (), **fields: Any) -> Any:
    profile = DebtorProfile("first", accounts or (account(),), **fields)
    found = governor_question(
        profile, NOW, channel="email", to="a@example.com", invoices=invoices or (an_invoice(),)
    )
    read_question(msgspec.json.encode(found))  # it is always a question that can be read
    return found


def with_wishes(*said: Preference | ChannelConsent) -> AccountProfile:
    consents = tuple(each for each in said if isinstance(each, ChannelConsent))
    preferences = tuple(each for each in said if isinstance(each, Preference))
    return account(wishes=AccountWishes("C1", consents, preferences))


def said(kind: str, value: Any, instant: Any = NOW) -> Preference:
    return Preference(kind, value, instant)


def test_what_we_keep_the_books_of_is_known_to_be_none() -> None:
    debtor = asked()["debtor"]
    for name in ("refused_channels", "inconvenient", "consents", "opt_outs", "phones", "emails"):
        assert debtor[name] == []
    for name in ("bankruptcy_filed_at", "breathing_space_from", "attorney", "cease_requested_at"):
        assert debtor[name] is None
    assert (debtor["deceased"], debtor["vulnerable"], debtor["military"]) == (False, False, False)
    assert asked()["history"] == []


def test_what_nobody_told_stays_unknown() -> None:
    found = asked(account(phones=(Phone(number="+12125550123", type="antique", use="yacht"),)))
    assert found["debtor"]["phones"] == [{"number": "+12125550123"}]
    assert "language" not in found["debtor"]
    assert "product" not in found["debts"][0]


@pytest.mark.parametrize(
    ("file", "places"),
    [
        (account(timezone="UTC"), None),
        (account(), [{"country": "DE"}]),
        (account(timezone="UTC", country="at"), [{"country": "AT"}]),
        (account(timezone="UTC", phones=(Phone(number="+33612345678"),)), [{"country": "FR"}]),
        (account(phones=(Phone(number="+33612345678"),)), [{"country": "DE"}, {"country": "FR"}]),
        (account(addresses=(Address(country="US", region="CA", line1="1 Main St"),)),
         [{"country": "US", "region": "CA"}]),
        (account(country="CA", addresses=(Address(region="ON", postal_code=" "),)),
         [{"country": "CA", "region": "ON"}]),
        (account(addresses=(Address(country="Germany", city="Ulm"),)),
         [{"country": "DE", "city": "Ulm"}]),
        (account(timezone="UTC", addresses=(Address(country="U.S.A.", region="Calif."),)),
         [{"country": "US", "region": "Calif."}]),
        (account(timezone="UTC", addresses=(Address(country="Scotland"),)),
         [{"country": "GB", "region": "Scotland"}]),
        # A place that is named and not understood is unknown, whatever else hints at one.
        (account(country="DE", addresses=(Address(country="Narnia", city="Ulm"),)),
         [{"city": "Ulm"}]),
        (account(country="Narnia"), [{}]),
        (account(addresses=(Address(country="Narnia"), Address(country="DE"))),
         [{"country": "DE"}, {}]),
        (account(timezone="UTC", addresses=(Address(city="Ulm"),)), [{"city": "Ulm"}]),
    ],
)  # fmt: skip
def test_a_residence_is_every_place_that_is_pointed_to(
    file: AccountProfile, places: list[dict[str, str]] | None
) -> None:
    assert asked(file)["debtor"].get("addresses") == places


def test_the_default_residence_is_for_those_of_whom_no_place_is_known() -> None:
    nowhere = account(timezone="UTC")
    assert asked(nowhere, residence_default="IS")["debtor"]["addresses"] == [{"country": "IS"}]
    assert asked(residence_default="IS")["debtor"]["addresses"] == [{"country": "DE"}]


def test_a_second_zone_brings_its_country_in() -> None:
    one = account("C1", addresses=(Address(country="DE"),))
    two = account("C2", timezone="America/New_York")
    found = asked(one, two)["debtor"]
    assert found["addresses"] == [{"country": "DE"}, {"country": "US"}]
    assert found["timezone"] == "Europe/Berlin"


def test_numbers_are_written_as_the_question_wants_them() -> None:
    phones = (
        Phone(number="030 123456", type="Landline", use="HOME", consent="express"),
        Phone(number="no number at all"),
        Phone(number="+49 30 123456", consent="perhaps"),
    )
    (phone,) = asked(account(country="DE", phones=phones))["debtor"]["phones"]
    assert phone == {
        "number": "+4930123456", "type": "landline", "use": "home", "consent": "express",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [(("business",), "business"), (("business", "consumer"), "consumer"), ((), "consumer")],
)
def test_one_private_account_makes_a_private_person(kinds: tuple[Any, ...], kind: str) -> None:
    files = [account(f"C{number}", kind=each) for number, each in enumerate(kinds, 1)]
    assert asked(*files)["debtor"]["kind"] == kind


def test_wishes_and_circumstances_are_told_as_they_stand() -> None:
    found = asked(
        with_wishes(
            said("refused_channels", ["sms"]),
            said("inconvenient", [{"days": None, "from": "08:00", "to": "12:00"}]),
            said("bankruptcy_filed_at", "2026-02-01T00:00:00Z"),
            said("breathing_space_from", "2026-03-01"),
            said("vulnerable", True),
            said("timezone", "Europe/Vienna"),
            said("deceased", True, NOW + timedelta(seconds=1)),  # not known yet
        )
    )["debtor"]
    assert found["refused_channels"] == ["sms"]
    assert found["inconvenient"] == [{"from": "08:00", "to": "12:00"}]
    assert found["bankruptcy_filed_at"] == "2026-02-01T00:00:00Z"
    assert found["breathing_space_from"] == "2026-03-01"
    assert (found["vulnerable"], found["deceased"]) == (True, False)
    assert (found["timezone"], found["timezone_confirmed_at"]) == ("Europe/Vienna", NOW)


def test_an_attorney_stands_for_the_debts_that_are_named() -> None:
    since = "2026-02-01T00:00:00Z"

    def found(**more: Any) -> Any:
        return asked(with_wishes(said("attorney", {"since": since} | more)))

    assert found(debts=["I1", "I9"])["debtor"]["attorney"] == {"since": since, "debts": ["I1"]}
    assert found(debts=["I9"])["debtor"]["attorney"] is None
    assert found(name="A. Lawyer")["debtor"]["attorney"] == {"since": since}


def test_a_consent_taken_back_is_an_opt_out() -> None:
    def sms(state: Any, instant: str, **more: Any) -> ChannelConsent:
        return ChannelConsent(channel="sms", kind="sms", state=state, at=at(instant), **more)

    found = asked(
        with_wishes(
            sms("granted", "2026-03-01 10:00", given_to="creditor", form="written"),
            sms("granted", "2026-03-01 10:00", address="+491711234567"),
            sms("revoked", "2026-03-02 10:00", address="+491711234567"),
            ChannelConsent(channel="voice", kind="extra_calls", state="revoked", at=NOW),
        )
    )["debtor"]
    assert found["consents"] == [
        {"kind": "sms", "at": at("2026-03-01 10:00"), "given_to": "creditor", "form": "written"}
    ]
    assert found["opt_outs"] == [
        {"channel": "sms", "at": at("2026-03-02 10:00"), "to": "+491711234567"}
    ]


def test_a_place_that_was_ruled_out_takes_its_phones_with_it() -> None:
    file = account(
        phones=(Phone(number="+4930123456", use="work"), Phone(number="+4930123457", use="home")),
        wishes=AccountWishes("C1", (), (said("inconvenient_places", ["work"]),)),
    )
    debtor = asked(file)["debtor"]
    assert [phone.get("refused") for phone in debtor["phones"]] == [True, None]
    assert debtor["work_refused_at"] == NOW


def test_debts_are_what_is_still_asked_for() -> None:
    invoice = an_invoice(
        balance_minor=10_000, disputed_minor=4_000, product="utility", purpose="business"
    )
    (debt,) = asked(invoices=(invoice,))["debts"]
    assert debt["amount_minor"] == 6_000
    assert (debt["product"], debt["purpose"], debt["account"]) == ("utility", "business", "C1")
    assert (debt["days_past_due"], debt["disputed"]) == (10, False)
    assert debt["default_on"] == MONDAY + timedelta(days=1)
    (early,) = asked(invoices=(an_invoice(due_on=date(2026, 3, 20), stage=None),))["debts"]
    assert (early["days_past_due"], early["default_on"]) == (-8, None)


def test_a_contact_counts_for_everything_that_its_account_owes() -> None:
    history = (
        PastContact(("C1",), NOW, "email", "sent"),
        PastContact(("C9",), NOW - timedelta(days=1), "voice", "no_answer", {"about": ["I9"]}),
        PastContact(("C1",), NOW + timedelta(seconds=1), "email", "sent"),  # not made yet
    )
    found = asked(invoices=(an_invoice("I1"), an_invoice("I2")), history=history)["history"]
    assert [past["about"] for past in found] == [["I1", "I2"], []]
    assert [past["initiated_by"] for past in found] == ["collector", "collector"]


def noticed(kind: str, instant: str = "2026-03-03 23:30", **more: Any) -> PastContact:
    outcome = more.pop("outcome", "sent")
    return PastContact(("C1",), at(instant), "letter", outcome, {"notice": kind} | more)


def test_notices_that_went_out_are_told_of_the_debts_they_were_about() -> None:
    history = (
        noticed("validation", "2026-03-05 10:00", about=["I2"]),
        noticed("Validation_notice"),
        noticed("medical", about=["I1"]),
        noticed("written", outcome="bounced"),
        noticed("written", initiated_by="debtor"),
        noticed("written", "2026-03-12 09:01"),  # not sent yet
    )
    one, two = asked(invoices=(an_invoice("I1"), an_invoice("I2")), history=history)["debts"]
    sent = date(2026, 3, 4)  # in Berlin
    assert one["validation_notice_sent_on"] == sent
    assert one["notices"] == [
        {"kind": "Validation_notice", "sent_on": sent, "by": "letter"},
        {"kind": "medical", "sent_on": sent, "by": "letter"},
    ]
    assert two["validation_notice_sent_on"] == date(2026, 3, 5)
    assert [notice["sent_on"].day for notice in two["notices"]] == [4, 5]


def test_without_notices_nothing_is_claimed_of_them() -> None:
    other = PastContact(("C2",), NOW, "letter", "sent", {"notice": "validation"})
    (debt,) = asked(history=(other,))["debts"]
    assert debt["validation_notice_sent_on"] is None
    assert "notices" not in debt


def email_of(
    provided: bool | None, instant: str = "2026-03-01 10:00", address: str = "Ada@Example.com"
) -> ChannelConsent:
    return ChannelConsent(
        channel="email", kind="email", state="granted", at=at(instant), address=address,
        employer_provided=provided,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "provided"),
    [
        ([], None),
        ([email_of(False)], False),
        ([email_of(True), email_of(False, "2026-03-02 10:00")], False),
        ([email_of(False, "2026-03-02 10:00"), email_of(True)], False),
        ([email_of(True), email_of(None, "2026-03-02 10:00")], True),
        ([email_of(False), email_of(True, "2026-03-12 09:01")], False),  # not said yet
        ([email_of(True, address="bob@example.com")], None),
    ],
)
def test_whose_an_address_is_stands_as_last_said(
    said: list[ChannelConsent], provided: bool | None
) -> None:
    file = account(email="ada@example.com", wishes=AccountWishes("C1", tuple(said)))
    (email,) = asked(file)["debtor"]["emails"]
    assert email.get("employer_provided") is provided


def test_where_two_accounts_differ_an_address_is_the_employers() -> None:
    files = [
        account(name, email="ada@example.com", wishes=AccountWishes(name, (email_of(provided),)))
        for name, provided in (("C1", True), ("C2", False))
    ]
    assert asked(*files)["debtor"]["emails"] == [
        {"address": "ada@example.com", "employer_provided": True}
    ]


def test_of_a_long_history_the_newest_thousand_is_told() -> None:
    history = tuple(
        PastContact(("C1",), NOW - timedelta(hours=number), "voice", "busy")
        for number in range(1200)
    )
    assert len(asked(history=history)["history"]) == 1000


def test_a_tenant_that_has_not_said_for_whom_it_collects_is_taken_for_the_stricter() -> None:
    profile = DebtorProfile(None, (account(),))
    found = governor_question(profile, NOW, channel="email", to=None, invoices=(an_invoice(),))
    assert found["party"] == "third"


def test_whatever_a_billing_platform_writes_it_is_a_question() -> None:
    endless = "x" * 2000
    file = account(
        email=endless,
        language=endless,
        country=endless,
        phones=(Phone(number=endless, type=endless, use=endless, consent=endless),),
        addresses=(
            Address(endless, endless, endless, endless, endless, endless),
            Address(line1=" ", city=" ", country=" "),
        ),
    )
    invoices = tuple(an_invoice(f"I{n}", product=endless, purpose=None) for n in range(1100))
    assert len(asked(file, invoices=invoices)["debts"]) == 1000


def test_zones_lie_in_countries() -> None:
    assert zone_countries("Europe/Berlin") == {"DE"}
    assert zone_countries("UTC") == frozenset()
