"""The policies charges and allocation: what they take, and every fault at its place."""

import json
from datetime import date
from fractions import Fraction

import jsonschema
import pytest

from services.ledger.domain.policies import NAMES, read_policy
from services.ledger.domain.policies.allocation import BUILT_IN as ALLOCATION
from services.ledger.domain.policies.allocation import read_allocation
from services.ledger.domain.policies.charge_rules import read_charges
from services.ledger.domain.policies.charges import (
    BUILT_IN,
    BounceFeeRule,
    ChargesPolicy,
    InterestRule,
    StepRule,
)
from services.ledger.store.shipped import shipped_packs, shipped_rates
from shared.errors import Invalid
from shared.yaml_text import read_document

EXAMPLE = """
name: charges
version: "2027-01-01"
packs: [uk-late-payment, de-late-payment]      # statutory, below; come after the rules
accrue_from: 2026-10-01                        # optional: see Interest
rules:
  - {id: reminder, kind: late_fee, step: 31, when: {kind: consumer, country: [AT, DE]}, amount: {fixed: {EUR: 2.50}},
     minimum_balance: {EUR: 20}, disclosure: {texts: [late-fee], days_before: 5}}
  - {id: second, kind: late_fee, step: 61, when: {kind: business}, amount: {percent: 1.5, of: balance, min: {EUR: 5}, max: {EUR: 40}},
     cap: {per_invoice: {EUR: 60}, percent_of_invoice: 10}, disclosure: null, because: "terms 2024, clause 7"}
  - {id: interest, kind: interest, rate: {percent: 9.5}, day_count: act/365, after_days: 0, post: stage, minimum: {EUR: 1}, disclosure: {texts: [interest]}}
  - {id: returned, kind: bounce_fee, reversals: [bounced], amount: {fixed: {EUR: 3}}, disclosure: {texts: [bounce-fee]}}
limits:                                        # all that fit hold, over rules and packs
  - {when: {kind: consumer, country: DE}, max_fee: {EUR: 3}, max_rate: 9.12}
waive: {within: {EUR: 50}, role: supervisor}
"""  # noqa: E501


def read(text: str) -> ChargesPolicy:
    return read_charges(text, packs=shipped_packs(), rates=shipped_rates())


def faults(text: str) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        read(text)
    return {e.pointer: e.detail.partition(": ")[2] for e in caught.value.errors}


def rule(text: str) -> str:
    return f"{{name: charges, version: t, rules: [{{id: a, because: x, {text}}}]}}"


FEE = "kind: late_fee, step: 1, amount: {fixed: {EUR: 1}}"


def test_the_page_s_example() -> None:
    policy = read(EXAMPLE)
    assert policy.packs == ("uk-late-payment", "de-late-payment")
    assert policy.accrue_from == date(2026, 10, 1)
    reminder, second, interest, returned = policy.rules
    assert isinstance(reminder, StepRule)
    assert reminder.amount.fixed is not None
    assert reminder.amount.fixed.minor("EUR") == 250
    assert reminder.disclosure is not None
    assert reminder.disclosure.days_before == 5
    assert isinstance(second, StepRule)
    assert second.amount.percent == Fraction("1.5")
    assert second.because == "terms 2024, clause 7"
    assert isinstance(interest, InterestRule)
    assert interest.rate.percent == Fraction("9.5")
    assert interest.disclosure is not None
    assert interest.disclosure.days_before == 1
    assert isinstance(returned, BounceFeeRule)
    (limit,) = policy.limits
    assert limit.max_rate is not None
    assert limit.max_rate.percent == Fraction("9.12")
    assert read_policy(EXAMPLE) == policy


def test_json_and_texts_are_as_good() -> None:
    data = read_document(EXAMPLE, fraction=str).data  # type: ignore[arg-type]
    assert read(json.dumps(data, default=str)) == read(EXAMPLE)


def test_the_built_in_versions_charge_nothing_and_change_no_order() -> None:
    assert NAMES["charges"].read(NAMES["charges"].source) == BUILT_IN
    assert BUILT_IN.rules == ()
    assert NAMES["allocation"].read(NAMES["allocation"].source) == ALLOCATION
    assert ALLOCATION.order == ("principal", "cost", "interest", "fee")


def test_all_faults_at_once() -> None:
    found = faults(
        """
        name: charge
        version: "?"
        packs: [uk-late-payment, mars-late-payment]
        accept_unverified: [fr-late-payment]
        accrue_from: 2026-02-31x
        colour: red
        rules:
          - {id: a, kind: late_fee, step: 0, amount: {fixed: {EUR: 2.505}}, because: x}
          - {id: a, kind: interest, rate: {reference: moon, percent: 1}, day_count: act/act}
          - {id: b, kind: fine}
          - 7
        limits: [{when: {segment: [good]}}]
        waive: {within: {EUR: -1}, role: king}
        """
    )
    assert set(found) == {
        "/name", "/version", "/packs/1", "/accept_unverified/0", "/accrue_from", "/colour",
        "/rules/0/step", "/rules/0/amount/fixed/EUR", "/rules/1/id", "/rules/1/disclosure",
        "/rules/1/rate/reference", "/rules/1/day_count", "/rules/2/kind",
        "/rules/3", "/limits/0", "/limits/0/when/segment", "/waive/within/EUR", "/waive/role",
    }  # fmt: skip
    assert found["/rules/0/amount/fixed/EUR"] == "has more decimals than EUR (2)"
    assert found["/colour"] == "is not known here"
    assert "must not follow a score" in found["/limits/0/when/segment"]


@pytest.mark.parametrize(
    ("text", "pointer", "detail"),
    [
        (f"{FEE}, colour: red", "/rules/0/colour", "is not known here"),
        ("kind: compensation, step: 1, amount: {fixed: {EUR: 1}}", "/rules/0/step", "is not known"),
        ("kind: late_fee, amount: {fixed: {EUR: 1}}", "/rules/0/step", "is missing"),
        ("kind: late_fee, step: 3651, amount: {fixed: {EUR: 1}}", "/rules/0/step", "1 to 3650"),
        ("kind: late_fee, step: 1.5, amount: {fixed: {EUR: 1}}", "/rules/0/step", "whole number"),
        ("kind: late_fee, step: 1", "/rules/0/amount", "is missing"),
        ("kind: late_fee, step: 1, amount: {}", "/rules/0/amount", "exactly one of"),
        ("kind: late_fee, step: 1, amount: {fixed: {EUR: 1}, percent: 1}", "/rules/0/amount",
         "exactly one of"),
        ("kind: late_fee, step: 1, amount: {fixed: {EUR: 0}}", "/rules/0/amount/fixed/EUR",
         "more than 0"),
        ("kind: late_fee, step: 1, amount: {fixed: {JPY: 0.5}}", "/rules/0/amount/fixed/JPY",
         "more decimals"),
        ("kind: late_fee, step: 1, amount: {fixed: {EURO: 1}}", "/rules/0/amount/fixed/EURO",
         "ISO 4217"),
        ("kind: late_fee, step: 1, amount: {fixed: {EUR: 1}, max: {EUR: 1}}",
         "/rules/0/amount/max", "belongs to a percent"),
        ("kind: late_fee, step: 1, amount: {percent: 101}", "/rules/0/amount/percent", "up to 100"),
        ("kind: late_fee, step: 1, amount: {percent: 1e1}", "/rules/0/amount/percent", "decimal"),
        ("kind: late_fee, step: 1, amount: {percent: 1, min: {EUR: 5}, max: {EUR: 4}}",
         "/rules/0/amount/max/EUR", "below min"),
        ("kind: late_fee, step: 1, amount: {bands: []}", "/rules/0/amount/bands", "must end with"),
        ("kind: late_fee, step: 1, amount: {bands: [{below: {EUR: 5}, fixed: {EUR: 1}}]}",
         "/rules/0/amount/bands/0/below", "the last band has none"),
        ("kind: late_fee, step: 1, amount: {bands: [{fixed: {EUR: 1}}, {fixed: {EUR: 2}}]}",
         "/rules/0/amount/bands/0/below", "is missing"),
        ("kind: late_fee, step: 1, amount: {bands: [{below: {EUR: 5}, fixed: {EUR: 1}},"
         " {below: {EUR: 5}, fixed: {EUR: 1}}, {fixed: {EUR: 2}}]}",
         "/rules/0/amount/bands/1/below/EUR", "must rise"),
        (f"{FEE}, cap: {{}}", "/rules/0/cap", "must name"),
        (f"{FEE}, when: {{country: Germany}}", "/rules/0/when/country", "ISO 3166"),
        (f"{FEE}, when: {{kind: person}}", "/rules/0/when/kind", "one of consumer, business"),
        (f"{FEE}, disclosure: {{texts: []}}", "/rules/0/disclosure/texts", "not empty"),
        (f"{FEE}, disclosure: {{texts: [a], days_before: 0}}", "/rules/0/disclosure/days_before",
         "from 1"),
        ("kind: interest", "/rules/0/rate", "is missing"),
        ("kind: interest, rate: {}", "/rules/0/rate", "must name a percent or a reference"),
        ("kind: interest, rate: {percent: 1, margin: 1}", "/rules/0/rate/margin", "a reference"),
        ("kind: interest, rate: {percent: -1}", "/rules/0/rate/percent", "from 0"),
        ("kind: interest, rate: {percent: 1}, post: daily", "/rules/0/post", "one of stage"),
        ("kind: bounce_fee, reversals: [refunded], amount: {fixed: {EUR: 1}}",
         "/rules/0/reversals/0", "one of refund"),
        ("kind: bounce_fee, reversals: [bounced], amount: {percent: 1}", "/rules/0/amount",
         "what was taken back"),
    ],
)  # fmt: skip
def test_a_fault(text: str, pointer: str, detail: str) -> None:
    found = faults(rule(text))
    assert detail in found[pointer]
    assert len(found) == 1


def test_a_step_or_interest_needs_a_disclosure_or_a_reason() -> None:
    without = "{{name: charges, version: t, rules: [{{id: a, {}}}]}}"
    for kind in (
        FEE,
        "kind: compensation, amount: {fixed: {EUR: 1}}",
        "kind: interest, rate: {percent: 1}",
    ):
        assert list(faults(without.format(kind))) == ["/rules/0/disclosure"]
        assert list(faults(without.format(f"{kind}, disclosure: null"))) == ["/rules/0/disclosure"]
    bounce = "kind: bounce_fee, reversals: [bounced], amount: {fixed: {EUR: 1}}"
    assert len(read(without.format(bounce)).rules) == 1


def test_allocation() -> None:
    policy = read_allocation(
        '{name: allocation, version: "2027-01-01", scope: invoice, targets: order,'
        " order: [cost, interest, fee, principal]}"
    )
    assert (policy.scope, policy.targets) == ("invoice", "order")
    assert policy.order == ("cost", "interest", "fee", "principal")
    with pytest.raises(Invalid) as caught:
        read_allocation(
            "{name: allocation, version: t, scope: all, targets: x, order: [cost, cost, fees],"
            " y: 1}"
        )
    pointers = {error.pointer for error in caught.value.errors}
    assert pointers == {"/scope", "/targets", "/order/1", "/order/2", "/order", "/y"}


def test_schemas_take_what_the_reader_takes() -> None:
    for name, text in (("charges", EXAMPLE), ("allocation", NAMES["allocation"].source)):
        schema = NAMES[name].schema()
        jsonschema.Draft202012Validator.check_schema(dict(schema))
        data = json.loads(json.dumps(read_document(text).data, default=str))
        jsonschema.validate(data, dict(schema))
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**data, "colour": "red"}, dict(schema))


def test_every_pack_of_ours_can_be_read_and_says_where_it_stands() -> None:
    packs = shipped_packs()
    assert set(packs) == {
        "uk-late-payment", "eu-late-payment", "de-late-payment", "at-late-payment",
        "fr-late-payment", "nl-late-payment", "pl-late-payment", "de-consumer",
    }  # fmt: skip
    verified = {name for name, pack in packs.items() if pack.confidence == "verified"}
    assert verified == {"uk-late-payment", "eu-late-payment", "de-late-payment"}
    for pack in packs.values():
        assert all(rule.because for rule in pack.rules)
        assert all(rule.when.when.kind == ("business",) for rule in pack.rules)
