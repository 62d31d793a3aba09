"""Strategies from their text: the shipped packs, every refusal with its place, all at once."""

from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from services.outreach.channels.domain.template_document import (
    EmailTexts,
    LanguageTexts,
    LetterTexts,
    MessageTemplate,
    SmsTexts,
    VoiceTexts,
)
from services.outreach.channels.domain.template_facts import TemplateFacts
from services.outreach.dunning.domain.assignment_document import (
    assignments_schema,
    parse_assignments,
)
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.domain.strategy_faults import TenantTexts
from services.outreach.dunning.domain.strategy_text import json_schema
from shared.errors import Invalid
from tests.unit.outreach.builders import SHIPPED_ASSIGNMENTS as ASSIGNMENTS
from tests.unit.outreach.builders import SHIPPED_PACKS as PACKS

EXAMPLE = next(pack.source for pack in PACKS if pack.name == "consumer-retail")
# fmt: off
READY = frozenset({
    "upcoming", "reminder", "overdue", "firm", "final", "promise-made", "promise-due",
    "promise-broken", "instalment-due", "instalment-missed", "payment-failed", "settlement-offer",
    "dispute-received", "dispute-result", "thanks", "apology", "care", "validation", "new-link",
    "stop-confirmed", "first-call",
})
# fmt: on
SMALL: dict[str, Any] = {
    "name": "small",
    "version": "1",
    "ladder": [
        {
            "name": "one",
            "from": "due",
            "days": 1,
            "channels": ["email"],
            "tone": "neutral",
            "template": "reminder",
        },
        {
            "name": "two",
            "from": "stage",
            "stage": 31,
            "days": 0,
            "channels": ["person"],
            "tone": "firm",
        },
    ],
}  # fmt: skip


def small(**changes: Any) -> dict[str, Any]:
    """The small strategy, with members changed by pointer: `ladder_0_tone`."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(SMALL))
    for path, value in changes.items():
        *parts, last = path.split("__")
        place: Any = document
        for part in parts:
            place = place[int(part)] if part.isdigit() else place[part]
        key = last.rstrip("_").replace("-", "_")
        if value is None:
            place.pop(key)
        else:
            place[key] = value
    return document


def faults(document: dict[str, Any] | str, texts: TenantTexts | None = None) -> dict[str, str]:
    text = document if isinstance(document, str) else msgspec.json.encode(document).decode()
    with pytest.raises(Invalid) as caught:
        parse_strategy(text, texts)
    return {error.pointer: error.detail for error in caught.value.errors}


def read(document: dict[str, Any]) -> Strategy:
    return parse_strategy(msgspec.json.encode(document).decode())


def test_the_packs_have_the_days_of_the_page() -> None:
    days = {pack.name: [step.ladder_day for step in pack.content.ladder] for pack in PACKS}
    assert days == {
        "agency": [1, 8, 15, 22, 32, 46, 76],
        "arts-patrons": [-7, 10, 30, 75, 121],
        "business-trade-credit": [-7, 2, 7, 14, 21, 31, 38, 61],
        "consumer-retail": [-7, 1, 5, 12, 20, 31, 38, 52],
        "financial-services": [-7, 1, 4, 8, 15, 31, 41, 61, 91],
        "healthcare": [5, 20, 45, 60, 91, 121, 151],
        "pre-due": [-7, -2, 0, 1],
    }


def test_the_packs_use_the_ready_templates_only() -> None:
    used = {
        name
        for pack in PACKS
        for step in pack.content.steps
        for name in (step.template, step.script)
        if name is not None
    }
    assert used <= READY


def test_what_is_left_out_has_the_defaults_of_the_table() -> None:
    strategy = read(SMALL)
    assert strategy.caps.gap_days == 3
    assert strategy.resume_after_days.promise == 1
    assert strategy.resume_after_days.dispute == 0
    assert strategy.ramp is None
    assert strategy.ladder[1].queue == "collectors"
    assert f"{strategy.send.from_:%H:%M}-{strategy.send.to:%H:%M}" == "09:00-18:00"


def test_a_step_s_send_replaces_what_it_names() -> None:
    strategy = read(small(send={"holidays": True}, ladder__0__send={"from": "17:00"}))
    own = strategy.send_of(strategy.ladder[0])
    assert (f"{own.from_:%H:%M}", f"{own.to:%H:%M}", own.holidays) == ("17:00", "18:00", True)
    assert strategy.send_of(strategy.ladder[1]) == strategy.send


def test_business_days_count_seven_for_five() -> None:
    strategy = read(small(ladder__1__days=None, ladder__1__business_days=11))
    assert strategy.ladder[1].ladder_day == 31 + 16


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"colour": "red"}, "/colour", "not known"),
        ({"on": {}}, "/on", "reactions"),
        ({"name": "none"}, "/name", "none is no name"),
        ({"version": "a/b"}, "/version", "slash"),
        ({"send": {"from": "19:00"}}, "/send/from", "leaves no time"),
        ({"send": {"days": ["monday"]}}, "/send/days/0", "one of mon"),
        ({"caps": {"gap_days": -1}}, "/caps/gap_days", "at least 0"),
        ({"ramp": {"factor": 0.5}}, "/ramp/factor", "at least 1"),
        ({"ladder__1__name": "one"}, "/ladder/1/name", "twice"),
        ({"ladder__0__days": 31}, "/ladder/1/days", "after 31"),
        ({"ladder__0__days": -8}, "/ladder/0/days", "between -7"),
        ({"ladder__1__tone": "friendly"}, "/ladder/1/tone", "softer"),
        ({"ladder__1__tone": "stern"}, "/ladder/1/tone", "one of friendly"),
        ({"ladder__1__stage": 45}, "/ladder/1/stage", "31, 61, 91, 121"),
        ({"ladder__1__stage": None}, "/ladder/1/stage", "missing"),
        ({"ladder__0__stage": 31}, "/ladder/0/stage", "from a stage"),
        ({"ladder__0__from": "last-contact"}, "/ladder/0/from", "no contact before"),
        ({"ladder__0__days": None}, "/ladder/0/days", "missing"),
        ({"ladder__0__business_days": 2}, "/ladder/0/business_days", "one of the two"),
        ({"ladder__0__channels": ["email", "fax"]}, "/ladder/0/channels/1", "one of email"),
        ({"ladder__0__channels": ["email", "person"]}, "/ladder/0/channels", "alone"),
        ({"ladder__0__channels": ["email", "email"]}, "/ladder/0/channels", "twice"),
        ({"ladder__0__channels": None}, "/ladder/0/channels", "missing"),
        ({"ladder__0__template": None}, "/ladder/0/template", "missing"),
        ({"ladder__0__queue": "collectors"}, "/ladder/0/queue", "person"),
        (
            {"ladder__0__days": 0, "ladder__0__channels": ["person"]},
            "/ladder/0/channels",
            "before the due day",
        ),
        (
            {"ladder__1__requires": {"step": "three", "days": 1}},
            "/ladder/1/requires/step",
            "no step before",
        ),
        (
            {"ladder__1__requires": {"step": "two", "days": 1}},
            "/ladder/1/requires/step",
            "no step before",
        ),
        (
            {"ladder__1__hand_over": {"kind": "agency", "to": "a"}},
            "/ladder/1/hand_over",
            "one of the two",
        ),
        ({"ladder": [{**SMALL["ladder"][0], "days": 0}]}, "/ladder", "after the due day"),
        ({"reactions": {"promise-brokn": {}}}, "/reactions/promise-brokn", "promise-broken"),
        ({"reactions": {"warning.rain": {}}}, "/reactions/warning.rain", "no warning"),
        (
            {"reactions": {"paid": {"steps": [{**SMALL["ladder"][0], "name": "p"}]}}},
            "/reactions/paid/steps/0/from",
            "not known",
        ),
        ({"ladder__0__when": {}, "ladder__1__when": []}, "/ladder/1/when", "between 1"),
        ({"ladder__0__when": {"kind": ["dog"]}}, "/ladder/0/when/kind/0", "consumer"),
        ({"ladder__0__when": {"country": ["Narnia"]}}, "/ladder/0/when/country/0", "ISO 3166"),
        ({"ladder__0__when": {"segment": "a"}}, "/ladder/0/when/segment", "list"),
        ({"ladder__0__when": {"amount": 5}}, "/ladder/0/when/amount", "amount_from"),
        ({"ladder__0__when": {"amount_from": "5"}}, "/ladder/0/when/amount_from", "number"),
        (
            {"ladder__0__when": {"amount_from": {"JPY": 0.5}}},
            "/ladder/0/when/amount_from/JPY",
            "decimals",
        ),
        (
            {"ladder__0__when": {"amount_from": {"QQQ": 5}}},
            "/ladder/0/when/amount_from/QQQ",
            "ISO 4217",
        ),
        (
            {"ladder__0__when": {"pays_within_below": 60}},
            "/ladder/0/when/pays_within_below",
            "from 0 to 1",
        ),
        (
            {"ladder__0__when": [{"stage_from": 61, "stage_below": 31}]},
            "/ladder/0/when/0/stage_below",
            "above stage_from",
        ),
        ({"ladder__0__when": {"answered": "yes"}}, "/ladder/0/when/answered", "true or false"),
        ({"ladder__0__when": {"party": ["first"]}}, "/ladder/0/when/party", "no condition"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    change: dict[str, Any], pointer: str, says: str
) -> None:
    found = faults(small(**change))
    assert pointer in found, found
    assert says in found[pointer]


def test_reactions_are_checked_like_the_ladder() -> None:
    step = {
        "name": "one", "days": 9, "channels": ["email"], "tone": "firm", "template": "thanks",
        "when": {"amount_from": 3},
    }  # fmt: skip
    softer = {
        **step,
        "name": "later",
        "days": 9,
        "tone": "friendly",
        "when": {"kind": ["consumer"]},
    }
    found = faults(small(reactions={"paid": {"steps": [step, softer], "skip_to": "one"}}))
    assert set(found) == {
        "/reactions/paid/steps/0/name",  # of the ladder too
        "/reactions/paid/steps/0/days",
        "/reactions/paid/steps/0/when/amount_from",
        "/reactions/paid/steps/1/days",
        "/reactions/paid/skip_to",
    }


def test_skip_to_names_a_step_of_the_ladder() -> None:
    steps = [{"name": "b", "days": 1, "channels": ["person"], "tone": "firm"}]
    found = faults(small(reactions={"promise-broken": {"steps": steps, "skip_to": "three"}}))
    assert "no step of the ladder" in found["/reactions/promise-broken/skip_to"]


def test_every_fault_is_named_at_once_and_with_its_line() -> None:
    found = faults(
        "name: Big\nversion: 2026-12-01\non: {}\nladder:\n"
        "  - {name: a, from: due, days: 1, channels: [fax], tone: mild}\n"
        "  - {name: a, from: due, days: 1, channels: [email], tone: firm}\n"
    )
    assert set(found) == {
        "/name", "/on", "/ladder/0/channels/0", "/ladder/0/tone", "/ladder/1/name",
        "/ladder/1/days", "/ladder/1/template",
    }  # fmt: skip
    assert found["/ladder/1/name"].startswith("line 6: ")


@pytest.mark.parametrize("text", ["", "[]", "hello", "a: &b 1\nc: *b"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_strategy(text)


# --------------------------------------------------------------------------------------- templates


def texts(**channels: str) -> TenantTexts:
    """Templates in German, by name the channels that they have."""
    of: dict[str, Any] = {
        "email": EmailTexts(subject="s", text="t", html="h"),
        "sms": SmsTexts(text="t"),
        "letter": LetterTexts(text="t"),
        "voice": VoiceTexts(script="s"),
    }
    templates = {
        name.replace("_", "-"): MessageTemplate(
            version="1",
            asks=name != "care",
            languages={"de": LanguageTexts(**{each: of[each] for each in found.split()})},
        )
        for name, found in channels.items()
    }
    return TenantTexts(templates=TemplateFacts(templates), language="de-AT")


def test_a_template_has_a_text_for_every_channel_of_its_step() -> None:
    document = small(ladder__0__channels=["email", "sms"])
    found = faults(document, texts(reminder="email"))
    assert "no text for sms in de-AT" in found["/ladder/0/template"]
    assert "no template reminder" in faults(document, texts(other="email"))["/ladder/0/template"]
    parse_strategy(msgspec.json.encode(document).decode(), texts(reminder="email sms"))


def test_the_first_overdue_words_are_there_for_every_channel_of_the_ladder() -> None:
    letter = {**SMALL["ladder"][0], "name": "letter", "days": 9, "channels": ["letter", "webhook"],
              "template": "firm"}  # fmt: skip
    document = small(ladder=[SMALL["ladder"][0], letter])
    found = faults(document, texts(reminder="email", firm="letter"))
    assert "no text for letter" in found["/ladder/0/template"]
    good = texts(reminder="email letter", firm="letter")
    parse_strategy(msgspec.json.encode(document).decode(), good)


def test_a_script_is_spoken() -> None:
    document = small(ladder__1__script="hello")
    found = faults(document, texts(reminder="email", hello="email"))
    assert "no text for voice" in found["/ladder/1/script"]


def test_what_a_warning_is_answered_with_names_no_amounts() -> None:
    def answered_with(template: str) -> dict[str, Any]:
        step = {"name": "w", "days": 0, "channels": ["email"], "tone": "friendly"}
        steps = [{**step, "template": template}]
        return small(reactions={"segment.lapsing": {"steps": steps}})

    ready = texts(reminder="email", care="email")
    found = faults(answered_with("reminder"), ready)
    assert "names amounts" in found["/reactions/segment.lapsing/steps/0/template"]
    parse_strategy(msgspec.json.encode(answered_with("care")).decode(), ready)


# ---------------------------------------------------------------------------------------- schemas


def test_the_schema_takes_what_is_taken_and_knows_the_words() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for pack in PACKS:
        validator.validate(yaml.safe_load(pack.source))
    assert not validator.is_valid(small(colour="red"))
    assert not validator.is_valid(small(ladder__0__when={"color": ["red"]}))
    assert not validator.is_valid(small(reactions={"promise-brokn": {"steps": []}}))


def test_assignments_have_a_last_rule_for_everybody() -> None:
    Draft202012Validator(assignments_schema()).validate(yaml.safe_load(ASSIGNMENTS.source))
    with pytest.raises(Invalid) as caught:
        parse_assignments(
            "version: '1'\nrules:\n  - {strategy: a}\n  - {strategy: b, when: {amount_from: 3}}\n"
            "  - {strategy: none, when: {kind: [consumer]}}\n"
        )
    found = {error.pointer: error.detail for error in caught.value.errors}
    assert "later rule" in found["/rules/0/when"]
    assert "belong in segments" in found["/rules/1/when/amount_from"]
    assert "all who are left" in found["/rules/2/when"]
