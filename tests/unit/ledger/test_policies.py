"""Policies as texts: every fault at once, each at its place; what stands in for what is missing."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from services.ledger.domain.agreements import DefaultRule, Freeze
from services.ledger.domain.policies import NAMES, read_policy
from services.ledger.domain.policies.kind import BUILT_INS, POLICIES
from shared.errors import Invalid
from shared.yaml_text import read_document

# The example of the decided page, with every member.
EXAMPLE = """\
{name: promises, version: "2027-01-01", rules: [{grace_business_days: 2, kept_from_percent: 95, partly_from_percent: 25, max_days: 30, open_max: 3, renewals_max: 2, broken_max: 3}]}
---
name: plans
version: "2027-01-01"
rules:
  - {when: {segment: [hardship], kind: consumer, amount_below: {EUR: 5000}, age_from: 31}, max_count: 24}
  - {max_count: 12, approve_count: 24, max_days: 400, approve_days: 800, min_instalment: {default: 10}, round_to: {default: 0}, reagreements_max: 1,
     grace_business_days: 3, default: {missed: 2, days: 30, new_invoice_stage: null}, after_hold_days: 14, freeze: {fees: true, interest: true}}
---
name: settlements
version: "2027-01-01"
rules:
  - {when: {age_from: 181, amount_from: {EUR: 500}}, auto_from_percent: 60, supervisor_from_percent: 40, finance_from_percent: 20}
  - {auto_from_percent: 80, supervisor_from_percent: 50, finance_from_percent: 30, instalments_max: 3, plus_percent: 5, pay_within_days: 30,
     grace_business_days: 2, bids_per_30_days: 3, counter: true}
---
{name: disputes, version: "2027-01-01", evidence_days: 14, answer_days: 30, after_rejection: {interest: charge, fees: forgive}}
---
{name: recovery, version: "2027-01-01", small_balance: {default: 0}, small_after_days: 14, tail_days: 30, credit_overdue_days: 30}
---
{name: retention, version: "2027-01-01", personal_data_months: 36}
"""  # noqa: E501
DOCUMENTS = EXAMPLE.split("---\n")
OWN = ("promises", "plans", "settlements", "disputes", "recovery", "retention")


def faults(text: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_policy(text)
    return {error.pointer: error.detail for error in refused.value.errors}


def policy(name: str, *rules: str, **members: str) -> str:
    lines = [f"name: {name}", 'version: "1"', *(f"{key}: {each}" for key, each in members.items())]
    if rules:
        lines += ["rules:", *(f"  - {rule}" for rule in rules)]
    return "\n".join(lines)


@pytest.mark.parametrize("text", DOCUMENTS)
def test_the_example_says_what_is_built_in(text: str) -> None:
    found = read_policy(text)
    assert found.version == "2027-01-01"
    built_in = next(each.content for each in BUILT_INS if each.name == found.name)
    if hasattr(found, "rules"):
        assert found.rules[-1] == built_in.rules[-1]
    else:
        assert msgspec.structs.replace(found, version="default") == built_in


@pytest.mark.parametrize("name", ["promises", "plans", "settlements"])
def test_members_that_a_rule_leaves_out_are_the_defaults(name: str) -> None:
    assert read_policy(policy(name, "{}")).rules == read_policy(NAMES[name].source).rules
    (first, _) = read_policy(policy(name, "{when: {kind: business}}", "{}")).rules
    assert msgspec.structs.replace(first, when=None) == read_policy(NAMES[name].source).rules[0]


@pytest.mark.parametrize("name", ["disputes", "recovery", "retention"])
def test_members_that_are_left_out_are_the_defaults(name: str) -> None:
    found = read_policy(policy(name))
    built_in = read_policy(NAMES[name].source)
    assert msgspec.structs.replace(found, version="default") == built_in


@pytest.mark.parametrize("text", [*DOCUMENTS, *(NAMES[name].source for name in OWN)])
def test_the_schemas_take_them(text: str) -> None:
    data = read_document(text).data
    jsonschema.Draft202012Validator(dict(NAMES[data["name"]].schema())).validate(data)


@pytest.mark.parametrize("name", OWN)
def test_the_schemas_refuse_what_is_unknown(name: str) -> None:
    data = read_document(NAMES[name].source).data | {"surplus": 1}
    validator = jsonschema.Draft202012Validator(dict(NAMES[name].schema()))
    assert not validator.is_valid(data)


def test_json_is_taken_as_well() -> None:
    data = read_document(DOCUMENTS[1]).data
    pretty = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    assert read_policy(pretty) == read_policy(DOCUMENTS[1])
    assert read_policy(pretty.replace("  ", "\t")) == read_policy(DOCUMENTS[1])


def test_a_version_may_stand_without_quotes() -> None:
    assert read_policy("{name: retention, version: 2027-01-01}").version == "2027-01-01"


def test_every_fault_is_named_at_once_with_its_line() -> None:
    found = faults(
        """\
name: plans
version: ""
rules:
  - {max_count: 25, approve_days: 399, surplus: 1}
  - when: {kind: man, segment: [], amount_from: {EUR: 1.001, XXX: 1}, age_from: 31, age_below: 31}
    default: {missed: null, days: null}
    freeze: {fees: 1}
  - {when: {kind: business}, min_instalment: {JPY: 0.5}, max_days: two}
"""
    )
    assert found.keys() == {
        "/version",
        "/rules/0/when",
        "/rules/0/max_count",
        "/rules/0/max_days",
        "/rules/0/surplus",
        "/rules/1/when/kind",
        "/rules/1/when/segment",
        "/rules/1/when/amount_from/EUR",
        "/rules/1/when/amount_from/XXX",
        "/rules/1/when/age_below",
        "/rules/1/default/days",
        "/rules/1/freeze/fees",
        "/rules/2/when",
        "/rules/2/min_instalment/JPY",
        "/rules/2/max_days",
    }
    lines = [int(re.match(r"line (\d+): ", detail)[1]) for detail in found.values()]  # type: ignore[index]
    assert lines == sorted(lines)
    assert found["/rules/0/surplus"].startswith("line 4: ")
    assert found["/rules/2/min_instalment/JPY"] == "line 8: has more decimals than JPY (0)"


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        ("[]", {""}),
        ("", {""}),
        ("{version: '1'}", {"/name"}),
        ("{name: interest, version: '1'}", {"/name"}),
        ("{name: [promises], version: '1'}", {"/name"}),
        ("{name: promises}", {"/version", "/rules"}),
        ("{name: promises, version: '1', rules: []}", {"/rules"}),
        ("{name: promises, version: '1', rules: {}}", {"/rules"}),
        ("{name: promises, version: 'a b', rules: [{}]}", {"/version"}),
        ("{name: promises, version: 1, rules: [{}]}", {"/version"}),
        ("{name: promises, version: '1', rules: [7, {}]}", {"/rules/0"}),
        ("{name: promises, version: '1', rules: [{}, {}]}", {"/rules/0/when"}),
        ("{name: promises, version: '1', rules: [{when: {}}, {}]}", {"/rules/0/when"}),
        ("{name: promises, version: '1', rules: [{when: {}}]}", {"/rules/0/when"}),
        ("{name: retention, version: '1', personal_data_months: 0}", {"/personal_data_months"}),
        ("{name: retention, version: '1', personal_data_months: null}", {"/personal_data_months"}),
        ("{name: disputes, version: '1', rules: [{}]}", {"/rules"}),
        (
            "{name: disputes, version: '1', after_rejection: {interest: maybe, fee: charge}}",
            {"/after_rejection/interest", "/after_rejection/fee"},
        ),
        ("{name: recovery, version: '1', small_balance: 5}", {"/small_balance"}),
        ("{name: recovery, version: '1', small_balance: {}}", {"/small_balance"}),
        ("{name: recovery, version: '1', small_balance: {EUR: -1}}", {"/small_balance/EUR"}),
        ("{name: recovery, version: '1', small_balance: {eur: 1}}", {"/small_balance/eur"}),
        ("{name: recovery, version: '1', small_balance: {EUR: true}}", {"/small_balance/EUR"}),
        ("{name: recovery, version: '1', small_balance: {EUR: 1.0.0}}", {"/small_balance/EUR"}),
        (
            "{name: recovery, version: '1', small_balance: {EUR: 99999999999999}}",
            {"/small_balance/EUR"},
        ),
    ],
)
def test_what_is_refused(text: str, pointers: set[str]) -> None:
    assert faults(text).keys() == pointers


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ("{kept_from_percent: 95, partly_from_percent: 96}", "partly_from_percent"),
        ("{kept_from_percent: 24}", "partly_from_percent"),  # the default is 25
        ("{kept_from_percent: 101}", "kept_from_percent"),
        ("{kept_from_percent: 94.5}", "kept_from_percent"),
        ("{open_max: 0}", "open_max"),
        ("{grace_business_days: -1}", "grace_business_days"),
        ("{broken_max: true}", "broken_max"),
    ],
)
def test_promises_are_checked(rule: str, pointer: str) -> None:
    assert faults(policy("promises", rule)).keys() == {f"/rules/0/{pointer}"}


@pytest.mark.parametrize(
    "rule",
    [
        "{kept_from_percent: 25, partly_from_percent: 25}",
        "{kept_from_percent: 0, partly_from_percent: 0}",
        "{kept_from_percent: 100, partly_from_percent: 100}",
    ],
)
def test_shares_of_a_promise_may_be_equal(rule: str) -> None:
    read_policy(policy("promises", rule))


@pytest.mark.parametrize(
    ("rule", "pointers"),
    [
        ("{max_count: 25}", {"max_count"}),
        ("{approve_count: 11}", {"max_count"}),
        ("{max_days: 801}", {"max_days"}),
        (
            "{max_count: 5, approve_count: 4, max_days: 5, approve_days: 4}",
            {"max_count", "max_days"},
        ),
        ("{default: {missed: null, days: null}}", {"default/days"}),
        ("{default: {missed: 0}}", {"default/missed"}),
        ("{default: {new_invoice_stage: 30}}", {"default/new_invoice_stage"}),
        ("{default: null}", {"default"}),
        ("{round_to: {default: 0.00001}}", {"round_to/default"}),
    ],
)
def test_plans_are_checked(rule: str, pointers: set[str]) -> None:
    assert faults(policy("plans", rule)).keys() == {f"/rules/0/{each}" for each in pointers}


def test_what_a_plans_fact_keeps() -> None:
    rule = "{max_count: 24, default: {missed: null, new_invoice_stage: 31}, freeze: {fees: false}}"
    (found,) = read_policy(policy("plans", rule)).rules
    assert found.default_rule() == DefaultRule(None, 30, 31)
    assert found.frozen() == Freeze(fees=False, interest=True)
    (found,) = read_policy(policy("plans", "{default: {days: null}}")).rules
    assert found.default_rule() == DefaultRule(2, None, None)


@pytest.mark.parametrize(
    ("rule", "pointers"),
    [
        ("{auto_from_percent: 49}", {"supervisor_from_percent"}),
        ("{finance_from_percent: 51}", {"finance_from_percent"}),
        ("{supervisor_from_percent: 81}", {"supervisor_from_percent"}),
        (
            "{auto_from_percent: 10, supervisor_from_percent: 20, finance_from_percent: 30}",
            {"supervisor_from_percent", "finance_from_percent"},
        ),
        ("{auto_from_percent: 101, supervisor_from_percent: -1}",
         {"auto_from_percent", "supervisor_from_percent"}),
        ("{counter: yes}", {"counter"}),
    ],
)  # fmt: skip
def test_settlements_are_checked(rule: str, pointers: set[str]) -> None:
    assert faults(policy("settlements", rule)).keys() == {f"/rules/0/{each}" for each in pointers}


def test_shares_of_a_settlement_may_be_equal() -> None:
    rule = "{auto_from_percent: 50, supervisor_from_percent: 50, finance_from_percent: 50}"
    (found,) = read_policy(policy("settlements", rule)).rules
    assert found.shares(3) == (60, 60, 60)


def test_names_that_stand_twice_and_other_surprises() -> None:
    for text in (
        "{name: retention, name: retention, version: '1'}",
        "a: &a [1]\nb: *a\nname: retention\nversion: '1'",
        "{name: retention",
        "[" * 100,
    ):
        with pytest.raises(Invalid):
            read_policy(text)


@pytest.mark.parametrize(
    ("months", "day", "kept_from"),
    [
        (36, date(2027, 3, 1), date(2024, 3, 1)),
        (1, date(2027, 1, 1), date(2026, 12, 1)),
        (1, date(2027, 3, 31), date(2027, 2, 28)),
        (12, date(2024, 2, 29), date(2023, 2, 28)),
        (1200, date(200, 1, 1), date(100, 1, 1)),
        (1200, date(100, 1, 1), date.min),
    ],
)
def test_from_when_data_is_kept(months: int, day: date, kept_from: date) -> None:
    found = read_policy(policy("retention", personal_data_months=str(months)))
    assert found.kept_from(day) == kept_from


def test_as_a_kind_of_document() -> None:
    outline = POLICIES.checked("plans", DOCUMENTS[1])
    assert (outline.name, outline.version, outline.size) == ("plans", "2027-01-01", 2)
    with pytest.raises(Invalid) as refused:
        POLICIES.checked("promises", DOCUMENTS[1])
    assert [error.pointer for error in refused.value.errors] == ["/name"]


def test_the_documentation_has_the_example() -> None:
    shown = Path("docs/policies.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", shown, re.DOTALL)
    found: list[Any] = [read_policy(text) for text in block.split("---\n")]
    assert found == [read_policy(text) for text in DOCUMENTS]
