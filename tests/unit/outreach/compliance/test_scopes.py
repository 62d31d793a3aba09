"""Each record binds whom the law says, over the debts and in the media that it says.

The scopes are read from the rule collection (`cases/law/scopes.yaml`). A record is asked alone, so
that no other speaks for it, with the questions of the cases about it: as they stand, and with the
party, the kind of debt or the medium changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import pytest
import yaml

from services.outreach.compliance import RuleSet
from shared.errors import Invalid
from tests.unit.outreach.compliance.beginnings import speaking
from tests.unit.outreach.compliance.case_files import FOLDER, Plain, ask, mentioned
from tests.unit.outreach.compliance.questions import Json, override
from tests.unit.outreach.compliance.shipped import law_rules, shipped_rule_books

_MEDIA = ("voice", "voicemail", "sms", "email", "letter", "social_dm", "in_person")

# Gates bind through others and are tested with those.
_GATES = {"US-FDCPA-SCOPE", "US-CA-ROS", "US-CA-COMM"}

# Where a book binds in more media than the collection names: stricter, each with the reason.
_WIDER = {
    "US-REGF-TIME-MULTIZONE": {"in_person"},  # a visit is in a zone as well
    "US-REGF-MM": {"social_dm"},  # a message is a communication
    "US-REGF-VAL": {"sms", "social_dm", "in_person"},  # nothing before the overdue notice
    "US-MA-VAL": {"voice", "voicemail", "sms", "email", "social_dm", "in_person"},  # the same
    "US-NY-DFS-BASE": {"voice", "voicemail", "sms", "social_dm", "in_person"},  # the same
    "US-WA-3WK": {"social_dm", "in_person"},  # "any form, manner or place"
    "US-FL-HOURS": {"email"},  # until 2025-05-15
    "US-CA-TB": {"voice", "voicemail", "sms", "social_dm", "in_person"},  # no threat in any medium
    "US-TX-TB": {"voice", "voicemail", "sms", "social_dm", "in_person"},  # the same
    "UK-PAP": {"email"},
    "CA-BC-HOURS": {"sms", "social_dm", "in_person"},  # who wants it in writing
    "CA-FED-HOURS": {"letter", "social_dm", "in_person"},  # nothing to third parties
    "AU-RG96-FREQ": {"in_person"},  # one visit a month
}

# And where it binds fewer, or in fewer media, each with the reason.
_NARROWER: dict[str, set[str]] = {
    "US-TX-TDCA": {"first"},  # 392.202 is about third parties; what binds creditors has no number
    "GDPR-NOTICE": {"first", "voicemail", "in_person"},  # art. 14: data that came from others
}


@lru_cache(maxsize=1)
def scopes() -> Mapping[str, Json]:
    text = (FOLDER / "law" / "scopes.yaml").read_text(encoding="utf-8")
    read: Mapping[str, Json] = yaml.load(text, Loader=Plain)  # noqa: S506 - a safe one
    return read


@lru_cache(maxsize=4)
def _alone(rule: str) -> RuleSet:
    """RuleSet with all parts of one record, and the periods of limitation."""
    return RuleSet.of(
        [
            replace(book, rules=tuple(each for each in book.rules if each.id == rule))
            for book in shipped_rule_books()
        ]
    )


def _speaks(rule: str, changes: Json) -> bool:
    """Whether the record speaks in any of its cases, changed so."""
    return any(rule in mentioned(answer) for answer in _answers(rule, changes))


def _answers(rule: str, changes: Json) -> Iterator[Json]:
    for case in speaking(rule):
        asked = override(case.question, changes)
        if "contact.channel" in changes:
            asked["contact"].update(_to(asked))
        asked.pop("packs", None)
        if changes.get("debtor.kind"):
            for debt in asked["debts"]:
                debt["purpose"] = changes["debtor.kind"]
            asked["debtor"].pop("entity", None)
        try:
            yield ask(_alone(rule), asked)
        except Invalid:
            continue


_RULES = [pytest.param(rule, id=rule) for rule in scopes() if rule not in _GATES]


def test_every_record_of_the_collection_that_is_shipped_has_its_scope() -> None:
    ours = {rule for rule in law_rules() if not rule.startswith("SYS-")}
    hours = {rule for rule in ours if rule.endswith("-HOURS") and rule not in scopes()}
    assert ours - hours == set(scopes())  # the hours of table 5.1 are no records there


@pytest.mark.parametrize("rule", _RULES)
def test_a_record_binds_the_parties_that_the_law_names(rule: str) -> None:
    wanted = scopes()[rule]["party"]
    bound = {party for party in ("first", "third") if _speaks(rule, {"party": party})}
    named = {"first", "third"} if wanted == "both" else {wanted}
    assert bound == named - _NARROWER.get(rule, set())


@pytest.mark.parametrize("rule", _RULES)
def test_a_record_is_about_the_debts_that_the_law_names(rule: str) -> None:
    wanted = scopes()[rule]["debt"]
    kinds = {"consumer": {"consumer"}, "commercial": {"business"}, "both": {"consumer", "business"}}
    bound = {kind for kind in ("consumer", "business") if _speaks(rule, {"debtor.kind": kind})}
    assert bound == kinds[wanted]


@pytest.mark.parametrize(
    "rule", [each for each in _RULES if scopes()[str(each.values[0])]["channels"]]
)
def test_a_record_binds_in_the_media_that_the_law_names(rule: str) -> None:
    named = set(scopes()[rule]["channels"])
    if "all" in named:
        named = set(_MEDIA)
    if "all_but_letter" in named:
        named = set(_MEDIA) - {"letter"}
    bound = {medium for medium in _MEDIA if _speaks(rule, {"contact.channel": medium})}
    assert not named - bound - _NARROWER.get(rule, set()), "laxer than the law"
    extra = {"voicemail"} if "voice" in named else set()  # what is left there came by a call
    assert not bound - named - extra - _WIDER.get(rule, set()), "in media the law doesn't name"


def _to(asked: Json) -> Json:
    """Where a contact in its medium goes: the last address of that kind on file."""
    debtor, medium = asked["debtor"], asked["contact"]["channel"]
    asked["contact"].pop("to", None)
    phones, emails = debtor.get("phones") or (), debtor.get("emails") or ()
    if medium in {"voice", "voicemail", "sms"} and phones:
        return {"to": phones[-1]["number"]}
    if medium == "email" and emails:
        return {"to": emails[-1]["address"]}
    return {}


@pytest.mark.parametrize("rule", sorted(scopes()))
def test_a_record_is_as_sure_as_the_collection_is(rule: str) -> None:
    order = "SMGD"
    read = {
        each.confidence for book in shipped_rule_books() for each in book.rules if each.id == rule
    }
    assert max(order.index(each) for each in read) >= order.index(scopes()[rule]["confidence"])
