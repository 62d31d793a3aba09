"""The contact governor from outside: what a debtor says stops or moves the next mail at once, and
a rule book counts from its day on, for its tenant."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.e2e.conftest import Mint, NewPlatform
from tests.e2e.desk import Desk
from tests.e2e.dunning import DAY, STEP, said
from tests.e2e.mail import MailServer, mail_server
from tests.e2e.platform import Platform
from tests.factories import an_account, an_invoice

pytestmark = pytest.mark.e2e

Json = dict[str, Any]

EVENING_BEFORE = "2026-03-15T22:00:00Z"
MORNING = f"{DAY}T08:00:00Z"  # 09:00 in Berlin
NOON = f"{DAY}T11:30:00Z"  # half past twelve
BERLIN = {"line1": "Lindenstr. 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}

# What each debtor asks for after the mail was planned, the rule of law that answers, its citation.
WISHES: dict[str, tuple[Json, str, str]] = {
    "refuses": (
        {"refused_channels": ["email"]}, "US-REGF-MEDIA", "12 CFR 1006.14(h)",
    ),
    "represented": (
        {"attorney": {"since": "2026-03-10T00:00:00Z", "name": "L. Aw"}},
        "US-REGF-ATTY", "15 USC 1692c(a)(2); 12 CFR 1006.6(b)(2)",
    ),
    "bankrupt": (
        {"bankruptcy_filed_at": "2026-03-12T00:00:00Z"}, "US-BK-STAY", "11 USC 362(a)(6),(k)",
    ),
    "not-early": (
        {"inconvenient": [{"days": ["mon"], "from": "00:00", "to": "12:00"}]},
        "US-REGF-TIME-KNOWN", "12 CFR 1006.6(b)(1)",
    ),
}  # fmt: skip
SILENT = ("refuses", "represented", "bankrupt")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def contact_of(desk: Desk, account_id: str) -> Json:
    """The contact that was planned first, whatever became of it."""
    (found,) = [c for c in desk.contacts(account_id) if c["planned_at"] == EVENING_BEFORE]
    return found


def deciding(contact: Json) -> dict[str, Json]:
    return {decided["rule"]: decided for decided in contact["verdict"]["decided_by"]}


def test_what_debtors_say_counts_at_once(
    new_platform: NewPlatform, mail: MailServer, mint: Mint
) -> None:
    platform = new_platform(OUTREACH_SMTP_URL=mail.url).start()
    desk = planned(platform, ["plain", *WISHES])
    reader = Desk(platform, desk.tenant, mint(desk.tenant, "outreach:read"))
    for account_id, (wish, _, _) in WISHES.items():
        path = f"/v1/accounts/{account_id}/preferences"
        assert reader.call("PUT", "outreach", path, json=wish).status_code == 403
        assert desk.call("PUT", "outreach", path, json=wish).status_code == 200
    consent = {"state": "granted", "evidence": "form 7"}
    desk.call("PUT", "outreach", "/v1/accounts/plain/consents/email", json=consent)
    platform.kill()
    platform.start()  # what was said is kept

    desk.run_due(MORNING)
    platform.wait_quiet()
    check_the_silent_and_the_late(desk, mail)
    desk.run_due(NOON)
    assert contact_of(desk, "not-early")["state"] == "sent"
    assert len(mail.to("not-early")) == 1
    assert sum(len(mail.to(account_id)) for account_id in SILENT) == 0
    check_what_was_said(desk)
    check_a_rule_book_counts_from_its_day(desk)


def planned(platform: Platform, accounts: list[str]) -> Desk:
    """A tenant with these debtors in Berlin, whose first mails are planned for the morning."""
    desk = Desk(platform).settle_in(
        timezone="Europe/Berlin", party="first", contact_from="2026-01-01"
    )
    for account_id in accounts:
        desk.send(
            an_account(account_id, addresses=[BERLIN]), an_invoice(f"I-{account_id}", account_id)
        )
    desk.start_day(DAY)
    platform.wait_quiet()
    desk.run_due(EVENING_BEFORE)
    for account_id in accounts:
        contact = contact_of(desk, account_id)
        assert (contact["step"], contact["state"]) == (STEP, "planned")
        assert contact["due_at"] == f"{DAY}T08:00:00Z", "09:00 in Berlin, as the strategy has it"
    return desk


def check_the_silent_and_the_late(desk: Desk, mail: MailServer) -> None:
    """At 09:00: one mail, with what must be said in it; the others wait or have ended."""
    assert contact_of(desk, "plain")["state"] == "sent"
    (received,) = mail.messages
    body = received.get_body(("plain",))
    assert body is not None
    assert "STOP" in body.get_content(), "the way to opt out that a rule asked for"
    for account_id, (_, rule, citation) in WISHES.items():
        contact = contact_of(desk, account_id)
        silent = account_id in SILENT
        assert contact["state"] == ("suppressed" if silent else "planned"), account_id
        assert contact["verdict"]["verdict"] == ("block" if silent else "defer")
        decided = deciding(contact)[rule]
        assert decided["citation"].startswith(citation)
        assert decided["because"]
    late = contact_of(desk, "not-early")
    assert late["until"] == late["due_at"] == f"{DAY}T11:01:00Z"


def check_what_was_said(desk: Desk) -> None:
    """The log tells others: wishes, consent, and why a mail did not go."""
    told = said(desk, "preference-changed", "consent-granted", "contact-suppressed")
    by_type: dict[str, set[str]] = {}
    for event in told:
        by_type.setdefault(event.type, set()).add(event.data["account_id"])
    assert by_type["preference-changed"] == set(WISHES)
    assert by_type["contact-suppressed"] == set(WISHES)
    assert by_type["consent-granted"] == {"plain"}
    for event in told:
        if event.type == "contact-suppressed":
            assert event.data["rule"] in contact_of(desk, event.data["account_id"])["suppressed_by"]
            assert event.data["citation"]


# ---------------------------------------------------------------------------------- rule books

FROM = "2026-04-01"
BEFORE, AFTER = "2026-03-31T21:59:00Z", "2026-03-31T22:00:00Z"  # midnight in Berlin

BOOK = """\
name: singapore
class: law
title: Hours of contact in Singapore
version: "2026-03-01"
tzdata_min: "2026c"
rules:
  - id: SG-HOURS
    kind: window
    jurisdiction: SG
    binds: both
    debts: consumer
    channels: [email]
    effective: {from: 2020-01-01, to: null}
    confidence: S
    sources: [a test]
    citation: "a code of Singapore, section 3"
    params: {hours: {all: ["10:00", "18:00"]}}
"""

QUESTION: Json = {
    "at": BEFORE,
    "party": "first",
    "debtor": {
        "kind": "consumer", "language": "en", "deceased": False, "vulnerable": False,
        "military": False, "addresses": [{"country": "SG", "city": "Singapore"}], "phones": [],
        "emails": [{"address": "a@example.com", "employer_provided": False}],
        "bankruptcy_filed_at": None, "breathing_space_from": None, "attorney": None,
        "cease_requested_at": None, "refused_channels": [], "inconvenient": [], "consents": [],
        "opt_outs": [],
    },
    "debts": [{
        "id": "A", "purpose": "consumer", "product": "utility", "days_past_due": 9,
        "amount_minor": 10000, "currency": "SGD", "disputed": False,
    }],
    "contact": {
        "channel": "email", "to": "a@example.com", "about": ["A"], "purpose": "collect",
        "initiated_by": "collector", "content": {"opt_out_line": True, "threatens_suit": False},
    },
    "history": [],
}  # fmt: skip


def verdict_at(desk: Desk, at: str) -> Json:
    asked = deepcopy(QUESTION) | {"at": at}
    answers: list[Json] = desk.post("outreach", "/v1/compliance/evaluate", [asked])
    return answers[0]


def check_a_rule_book_counts_from_its_day(desk: Desk) -> None:
    path = "/v1/rulebooks/singapore"
    faulty = desk.call("PUT", "outreach", path, content=BOOK.replace("10:00", "19:00"))
    assert faulty.status_code == 422
    assert "line 17, SG-HOURS" in faulty.json()["errors"][0]["detail"]
    assert desk.call("PUT", "outreach", path, content=BOOK).status_code == 201
    assert verdict_at(desk, AFTER)["verdict"] == "allow", "it is here, it does not count yet"
    desk.post("outreach", f"{path}/activate", {"version": "2026-03-01", "from": FROM})

    assert verdict_at(desk, BEFORE)["verdict"] == "allow"
    after = verdict_at(desk, AFTER)  # 06:00 in Singapore
    assert (after["verdict"], after["until"]) == ("defer", "2026-04-01T02:00:00Z")
    assert [decided["rule"] for decided in after["decided_by"]] == ["SG-HOURS"]
    assert after["decided_by"][0]["citation"] == "a code of Singapore, section 3"
    assert verdict_at(Desk(desk.platform), AFTER)["verdict"] == "allow", "another tenant"
    (told,) = said(desk, "rulebook-activated")
    assert told.data == {"name": "singapore", "version": "2026-03-01", "from_on": FROM}
