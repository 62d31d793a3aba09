"""Questions that make no sense are refused, and each names the member that is at fault."""

import msgspec
import pytest

from services.outreach.compliance import RuleSet, evaluate, read_question
from shared.errors import Invalid, Unreadable
from tests.unit.outreach.compliance.questions import Json, question

_FAULTS: list[tuple[str, Json, str]] = [
    ("an instant without its offset", {"at": "2026-11-24T15:00:00"}, "/at"),
    ("an instant that is none", {"at": "yesterday"}, "/at"),
    ("an instant that cannot be", {"at": "2026-02-30T15:00:00Z"}, "/at"),
    ("no instant", {"at": "__drop__"}, "/at"),
    ("a party that is none", {"party": "second"}, "/party"),
    ("no kind of debtor", {"debtor.kind": "__drop__"}, "/debtor/kind"),
    ("no debt", {"debts": []}, "/debts"),
    ("a debt without its id", {"debts.0.id": "__drop__"}, "/debts/0/id"),
    ("a debt twice", {"debts.+": {}}, "/debts/1/id"),
    ("no channel", {"contact.channel": "__drop__"}, "/contact/channel"),
    ("a channel that is none", {"contact.channel": "pigeon"}, "/contact/channel"),
    ("a mode that is none", {"contact.mode": "loud"}, "/contact/mode"),
    ("about a debt that isn't there", {"contact.about": ["Z"]}, "/contact/about/0"),
    ("a member that nobody knows", {"debtor.shoe_size": 44}, "/debtor/shoe_size"),
    ("a number that is none", {"debtor.phones.0.number": "call me"}, "/debtor/phones/0/number"),
    ("a number without its country", {"contact.to": "2125550123"}, "/contact/to"),
    ("a zone that is none", {"debtor.timezone": "Mars/Olympus"}, "/debtor/timezone"),
    ("money in fractions", {"debts.0.amount_minor": 10.5}, "/debts/0/amount_minor"),
    ("less than no money", {"debts.0.amount_minor": -1}, "/debts/0/amount_minor"),
    ("a currency that is none", {"debts.0.currency": "dollars"}, "/debts/0/currency"),
    ("a day that is none", {"debts.0.default_on": "2026-13-01"}, "/debts/0/default_on"),
    (
        "history from the future",
        {"history": ["2026-11-24T18:00:01Z voice no_answer"]},
        "/history/0/at",
    ),
    (
        "an outcome that is none",
        {"history": ["2026-11-20T18:00:00Z voice shrugged"]},
        "/history/0/outcome",
    ),
    (
        "a weekday that is none",
        {"debtor.inconvenient": [{"days": ["someday"], "from": "08:00", "to": "09:00"}]},
        "/debtor/inconvenient/0/days/0",
    ),
    (
        "an hour that is none",
        {"debtor.inconvenient": [{"days": ["mon"], "from": "25:00", "to": "26:00"}]},
        "/debtor/inconvenient/0/from",
    ),
    ("a list that is none", {"debtor.phones": {"number": "+12125550123"}}, "/debtor/phones"),
]


@pytest.mark.parametrize(
    ("changes", "pointer"), [pytest.param(*rest, id=name) for name, *rest in _FAULTS]
)
def test_what_makes_no_sense_is_refused_by_name(changes: Json, pointer: str) -> None:
    asked = question("us-ny", changes)
    for form in (asked, msgspec.json.encode(asked)):
        with pytest.raises(Invalid) as refused:
            read_question(form)
        assert pointer in {error.pointer for error in refused.value.errors}


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 5000])
def test_what_is_no_json_is_unreadable(text: bytes) -> None:
    with pytest.raises((Unreadable, Invalid)):
        read_question(text)


def test_a_pack_that_nobody_uploaded_is_refused(books: RuleSet) -> None:
    with pytest.raises(Invalid):
        evaluate(read_question(question("us-ny", {"packs": ["us-federal", "nobody"]})), books)


def test_attorneys_opt_outs_and_history_may_name_debts_that_are_not_asked_about(
    books: RuleSet,
) -> None:
    asked = question(
        "us-ny",
        {
            "debtor.attorney": {"since": "2026-11-01T00:00:00Z", "debts": ["Z"]},
            "debtor.opt_outs": [{"channel": "sms", "at": "2026-11-01T00:00:00Z", "debts": ["Z"]}],
            "history": ["7x 2026-11-20T18:00Z voice conversation about=Z"],
        },
    )
    assert evaluate(read_question(asked), books).verdict == "allow"
