"""What is told of a contact: its verdict, and the events when a rule refuses it."""

from dataclasses import replace
from typing import Any

import pytest

from services.outreach.domain.contacts import Contact, Cover, Teller, refused, verdict_of
from services.outreach.domain.governing import Decided, Owed, Ruling
from tests.unit.outreach.builders import an_item, at

NOW = at("2026-03-03 09:00")
CONTACT = Contact(
    contact_id="contact-1", debtor_key="account/C1", debtor_id=None, zone="UTC", channel="email",
    strategy="consumer", strategy_version="1", step="reminder", tone="friendly",
    template="reminder", template_version="reminder@1", state="planned", due_at=NOW,
    items=(an_item(),), covers=(Cover("C1", 3, ("I1",)),),
)  # fmt: skip
LATER = at("2026-03-04 08:01")
HOURS = Decided("HOURS", "defer", LATER, citation="1 HR 1", because="closed")
BLOCK = Decided("STAY", "block", None, citation="11 USC 362", because="bankrupt")
ASK = Decided("ASK", "require_approval", None, citation="2 HR 2", because="?", role="care")


def ruling(*decided: Decided, **fields: Any) -> Ruling:
    return Ruling(decided[0].effect if decided else "allow", NOW, decided, **fields)


@pytest.mark.parametrize(
    ("fields", "verdict", "rules"),
    [
        ({}, None, []),
        ({"ruling": ruling(HOURS)}, None, []),  # planned for its hour: nobody has tried yet
        ({"ruling": ruling(HOURS), "rules": ("HOURS",)}, "defer", ["HOURS"]),
        ({"rules": ("live-check-unanswered",), "until": NOW}, "defer", ["live-check-unanswered"]),
        ({"ruling": ruling(HOURS), "rules": ("HOURS", "live-check-stale")}, "defer",
         ["HOURS", "live-check-stale"]),
        ({"ruling": ruling(BLOCK)}, "block", ["STAY"]),  # it will be refused when it is due
        ({"state": "suppressed", "because": "STAY", "ruling": ruling(BLOCK)}, "block", ["STAY"]),
        ({"state": "suppressed", "because": "ASK", "ruling": ruling(ASK)}, "require_approval",
         ["ASK"]),
        ({"state": "suppressed", "because": "no-address", "ruling": ruling()}, "block",
         ["no-address"]),
        ({"state": "cancelled", "because": "paid", "ruling": ruling(BLOCK)}, "block", ["paid"]),
        ({"state": "sent", "ruling": ruling()}, "allow", []),
        ({"state": "sent"}, "allow", []),  # from before there were rulings
    ],
)  # fmt: skip
def test_the_verdict_is_what_decided_in_the_end(
    fields: dict[str, Any], verdict: str | None, rules: list[str]
) -> None:
    found = verdict_of(replace(CONTACT, **fields))
    assert (found.verdict if found else None) == verdict
    assert [decided.rule for decided in found.decided_by] == rules if found else not rules


def test_what_a_rule_forbids_is_told_with_rule_and_citation() -> None:
    ended, said = refused(CONTACT, ruling(BLOCK), Teller("demo", NOW, NOW))
    assert (ended.state, ended.because, ended.rules) == ("suppressed", "STAY", ("STAY",))
    ((event, accounts),) = said
    assert (event.type, accounts) == ("contact-suppressed", ("C1",))
    assert event.data.rule == "STAY"  # type: ignore[union-attr]
    assert event.data.citation == "11 USC 362"  # type: ignore[union-attr]


def test_what_a_person_decides_is_asked_for_though_the_rule_was_told_before() -> None:
    told = replace(CONTACT, rules=("ASK",))
    ended, said = refused(told, ruling(ASK), Teller("demo", NOW, NOW))
    assert ended.rules == ("ASK",)
    ((event, _),) = said
    assert event.type == "approval-requested"
    assert event.data.role == "care"  # type: ignore[union-attr]


def test_a_contact_says_which_books_and_texts_went_with_it() -> None:
    owed = (Owed("A", "opt-out"), Owed("B", "mini-miranda"), Owed("C", "opt-out"))
    made = replace(CONTACT, ruling=ruling(disclosures=owed, rulebook_version="2026-11-22"))
    event = Teller("demo", NOW, NOW).sent(made, "<m>")
    assert event.data.disclosures == ("opt-out", "mini-miranda")  # type: ignore[union-attr]
    assert event.data.rulebook_version == "2026-11-22"  # type: ignore[union-attr]
