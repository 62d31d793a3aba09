"""What is told of a contact: its verdict, and the events when a rule refuses it."""

from datetime import date
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.outreach.activity.domain.contacts import Cover, DebtorContact, Item
from services.outreach.activity.domain.decisions import Decision, Reason, RequiredText
from services.outreach.activity.domain.verdicts import verdict_of
from services.outreach.dunning.domain.contact_events import ContactEvents, suppressed_by
from tests.unit.outreach.builders import an_item, at

NOW = at("2026-03-03 09:00")
CONTACT = DebtorContact(
    contact_id="contact-1", debtor_key="account/C1", debtor_id=None, zone="UTC", channel="email",
    strategy="consumer", strategy_version="1", step="reminder", tone="friendly",
    template="reminder", template_version="reminder@1", state="planned", due_at=NOW,
    items=(an_item(),), covers=(Cover("C1", 3, ("I1",)),),
)  # fmt: skip
LATER = at("2026-03-04 08:01")
HOURS = Reason("HOURS", "defer", LATER, citation="1 HR 1", because="closed")
BLOCK = Reason("STAY", "block", None, citation="11 USC 362", because="bankrupt")
ASK = Reason("ASK", "require_approval", None, citation="2 HR 2", because="?", role="care")


def decision(*decided: Reason, **fields: Any) -> Decision:
    return Decision(decided[0].effect if decided else "allow", NOW, decided, **fields)


@pytest.mark.parametrize(
    ("fields", "verdict", "rules"),
    [
        ({}, None, []),
        ({"decision": decision(HOURS)}, None, []),  # planned for its hour: nobody has tried yet
        ({"decision": decision(HOURS), "rules": ("HOURS",)}, "defer", ["HOURS"]),
        ({"rules": ("live-check-unanswered",), "until": NOW}, "defer", ["live-check-unanswered"]),
        ({"decision": decision(HOURS), "rules": ("HOURS", "live-check-stale")}, "defer",
         ["HOURS", "live-check-stale"]),
        ({"decision": decision(BLOCK)}, "block", ["STAY"]),  # it will be refused when it is due
        ({"state": "suppressed", "because": "STAY", "decision": decision(BLOCK)}, "block",
         ["STAY"]),
        ({"state": "suppressed", "because": "ASK", "decision": decision(ASK)}, "require_approval",
         ["ASK"]),
        ({"state": "suppressed", "because": "no-address", "decision": decision()}, "block",
         ["no-address"]),
        ({"state": "cancelled", "because": "paid", "decision": decision(BLOCK)}, "block", ["paid"]),
        ({"state": "held", "decision": decision(ASK), "rules": ("ASK",)}, "require_approval",
         ["ASK"]),
        ({"state": "held"}, None, []),  # a hand-over that waits: no rule was asked
        ({"state": "sent", "decision": decision()}, "allow", []),
        ({"state": "sent"}, "allow", []),  # from before there were rulings
    ],
)  # fmt: skip
def test_the_verdict_is_what_decided_in_the_end(
    fields: dict[str, Any], verdict: str | None, rules: list[str]
) -> None:
    found = verdict_of(replace(CONTACT, **fields))
    assert (found.verdict if found else None) == verdict
    assert [decided.rule for decided in found.decided_by] == rules if found else not rules


EVENTS = ContactEvents(NOW)


def test_what_a_rule_forbids_is_told_with_rule_and_citation() -> None:
    ended = suppressed_by(replace(CONTACT, decision=decision(BLOCK)), "STAY")
    assert (ended.state, ended.because, ended.rules) == ("suppressed", "STAY", ("STAY",))
    (entry,) = EVENTS.suppressed(ended, rule="STAY", until=None, citation="11 USC 362")
    assert (entry.announcement.type, entry.accounts) == ("contact-suppressed", ("C1",))
    assert entry.announcement.data.rule == "STAY"  # type: ignore[union-attr]
    assert entry.announcement.data.citation == "11 USC 362"  # type: ignore[union-attr]


def test_what_a_person_has_let_pass_is_met_and_what_defers_besides_still_holds() -> None:
    asked = decision(ASK)
    assert asked.with_approved(frozenset({"OTHER"})) == asked
    assert asked.with_approved(frozenset({"ASK"})).verdict == "allow"
    late = decision(ASK, also=(HOURS,)).with_approved(frozenset({"ASK"}))
    assert (late.verdict, late.until) == ("defer", LATER)


def test_items_of_before_there_were_subjects_are_still_read() -> None:
    old = (
        b'{"account_id":"C1","invoice_id":"I1","due_on":"2026-03-02","strategy":"consumer",'
        b'"step":"reminder","words":"reminder","kind":"consumer"}'
    )
    item = msgspec.json.decode(old, type=Item)
    assert (item.subject, item.subject_id, item.anchor_on) == ("invoice", "I1", date(2026, 3, 2))


def test_a_contact_says_which_books_and_texts_went_with_it() -> None:
    texts = tuple(
        RequiredText(rule, text)
        for rule, text in (("A", "opt-out"), ("B", "mini-miranda"), ("C", "opt-out"))
    )
    made = replace(CONTACT, decision=decision(disclosures=texts, rulebook_version="2026-11-22"))
    (announcement,) = [entry.announcement for entry in EVENTS.sent(made, "<m>")]
    assert announcement.data.disclosures == ("opt-out", "mini-miranda")  # type: ignore[union-attr]
    assert announcement.data.rulebook_version == "2026-11-22"  # type: ignore[union-attr]


def test_a_contact_is_read_back_as_it_was_written_before_its_names_changed() -> None:
    made = replace(CONTACT, decision=decision(BLOCK))
    text = msgspec.json.encode(made)
    assert b'"ruling":{"verdict":"block"' in text
    assert msgspec.json.decode(text, type=DebtorContact) == made
