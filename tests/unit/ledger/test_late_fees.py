"""How much a step costs, or why nothing: every boundary."""

from fractions import Fraction

import pytest
from msgspec import structs

from services.ledger.domain.late_fees import Due, Fee, Skipped, amount_on, bounce_fee, step_charge
from services.ledger.domain.policies.charge_rules import read_charges
from services.ledger.domain.policies.charges import Charging, FeeAmount, Rate, charging
from services.ledger.domain.policies.debts import Debt
from services.ledger.store.shipped import shipped_packs, shipped_rates

EUR = Debt(currency="EUR", kind="business", country="DE")


def policy(rules: str = "", rest: str = "") -> Charging:
    text = f"{{name: charges, version: t, rules: [{rules}]{rest}}}"
    packs = shipped_packs()
    return charging(read_charges(text, packs=packs, rates=shipped_rates()), packs)


def late_fee(amount: str, more: str = "", rest: str = "") -> Charging:
    return policy(
        f"{{id: f, kind: late_fee, step: 1, because: terms, amount: {amount}{more}}}", rest
    )


def charge(rules: Charging, due: Due, debt: Debt = EUR) -> int | str:
    applied = rules.late_fee_rule(1, debt)
    assert applied is not None
    found = step_charge(applied, due, rules.limits_of(debt))
    return found.amount_minor if isinstance(found, Fee) else found.reason


def due(basis: int, invoice: int = 0, **more: object) -> Due:
    made = Due(currency="EUR", basis_minor=basis, invoice_minor=invoice or basis)
    return structs.replace(made, **more)


@pytest.mark.parametrize(
    ("amount", "basis", "invoice", "charged"),
    [
        ("{fixed: {EUR: 2.50}}", 1, 1, 250),
        ("{fixed: {default: 10}}", 1, 1, 1000),
        ("{percent: 5}", 70_000, 90_000, 3500),
        ("{percent: 5, of: balance}", 70_000, 90_000, 3500),
        ("{percent: 5, of: amount}", 70_000, 90_000, 4500),
        ("{percent: 1.5}", 100, 100, 2),  # 1.5 goes up
        ("{percent: 1.5}", 99, 99, 1),  # 1.485
        ("{percent: 5, min: {EUR: 5}}", 9_999, 9_999, 500),
        ("{percent: 5, min: {EUR: 5}}", 10_010, 10_010, 501),  # 500.5
        ("{percent: 5, max: {EUR: 40}}", 80_000, 80_000, 4000),
        ("{percent: 5, max: {EUR: 40}}", 80_010, 80_010, 4000),
        ("{percent: 5, min: {CHF: 5}}", 100, 100, 5),
        ("{percent: 0.001}", 100, 100, "below_minimum"),  # less than half a cent
        ("{fixed: {CHF: 5}}", 100, 100, "no_amount_in_currency"),
        ("{bands: [{below: {EUR: 1000}, fixed: {EUR: 40}}, {fixed: {EUR: 70}}]}", 99_999, 1, 4000),
        ("{bands: [{below: {EUR: 1000}, fixed: {EUR: 40}}, {fixed: {EUR: 70}}]}", 100_000, 1, 7000),
        ("{bands: [{below: {CHF: 1}, fixed: {CHF: 4}}, {fixed: {CHF: 7}}]}", 1, 1,
         "no_amount_in_currency"),
    ],
)  # fmt: skip
def test_amounts(amount: str, basis: int, invoice: int, charged: int | str) -> None:
    assert charge(late_fee(amount), due(basis, invoice)) == charged


def test_a_default_that_is_finer_than_the_currency_is_none() -> None:
    amount = late_fee("{fixed: {default: 2.50}}").steps[0].rule.amount
    assert amount_on(amount, 100, 100, "EUR") == 250
    assert amount_on(amount, 100, 100, "JPY") is None
    assert amount_on(FeeAmount(), 100, 100, "JPY") is None


def test_reasons_in_their_order() -> None:
    rules = late_fee(
        "{fixed: {EUR: 10}}",
        ", minimum_balance: {EUR: 20}, cap: {per_invoice: {EUR: 15}}",
        ", limits: [{none: true}]",
    )
    everything = due(0, 100, is_stopped=True, charged_minor=1500)
    assert charge(rules, everything) == "stopped"
    assert charge(rules, structs.replace(everything, is_stopped=False)) == "disputed"
    assert charge(rules, due(1999, charged_minor=1500)) == "below_minimum"
    assert charge(rules, due(2000, charged_minor=1500, currency="CHF")) == "no_amount_in_currency"
    assert charge(rules, due(2000, charged_minor=1500)) == "limit"
    open_end = late_fee("{fixed: {EUR: 10}}", ", cap: {per_invoice: {EUR: 15}}")
    assert charge(open_end, due(2000, charged_minor=499)) == 1000
    assert charge(open_end, due(2000, charged_minor=501)) == 999
    assert charge(open_end, due(2000, charged_minor=1499)) == 1
    assert charge(open_end, due(2000, charged_minor=1500)) == "capped"


def test_only_rules_with_texts_need_a_disclosure() -> None:
    told = policy(
        "{id: f, kind: late_fee, step: 1, amount: {fixed: {EUR: 1}}, disclosure: {texts: [a]}}"
    )
    assert charge(told, due(100, is_disclosed=False)) == "not_disclosed"
    assert charge(told, due(0, 100, is_disclosed=False)) == "not_disclosed"
    assert charge(told, due(100)) == 100
    assert charge(late_fee("{fixed: {EUR: 1}}"), due(100, is_disclosed=False)) == 100


def test_a_share_of_the_invoice_is_never_passed() -> None:
    rules = late_fee(
        "{fixed: {EUR: 50}}", ", cap: {percent_of_invoice: 10, per_invoice: {EUR: 60}}"
    )
    assert charge(rules, due(100, 12_345)) == 1234
    assert charge(rules, due(100, 12_345, charged_minor=1234)) == "capped"
    assert charge(rules, due(100, 100_000, charged_minor=5000)) == 1000


def test_the_strictest_of_all_limits_that_fit() -> None:
    limits = """, limits: [{when: {kind: business}, max_fee: {EUR: 9}}, {max_fee: {EUR: 7}},
       {when: {kind: consumer}, max_fee: {EUR: 1}}, {max_fee: {CHF: 2}}]"""
    assert charge(late_fee("{fixed: {EUR: 10}}", "", limits), due(100)) == 700
    none = ", limits: [{max_fee: {EUR: 0}}]"
    assert charge(late_fee("{fixed: {EUR: 10}}", "", none), due(100)) == "limit"
    costs = ", limits: [{none: [cost]}]"
    assert charge(late_fee("{fixed: {EUR: 10}}", "", costs), due(100)) == 1000


def test_business_is_what_the_invoice_says_else_the_account() -> None:
    rules = policy(
        """{id: b, kind: late_fee, step: 1, because: x, amount: {fixed: {EUR: 2}},
            when: {kind: business}},
           {id: c, kind: late_fee, step: 1, because: x, amount: {fixed: {EUR: 1}},
            when: {country: [AT, DE]}}"""
    )

    def rule_of(debt: Debt) -> str | None:
        found = rules.late_fee_rule(1, debt)
        return None if found is None else found.rule.id

    assert rule_of(EUR) == "b"
    assert rule_of(structs.replace(EUR, purpose="consumer")) == "c"
    assert rule_of(structs.replace(EUR, kind="consumer", purpose="business")) == "b"
    assert rule_of(structs.replace(EUR, kind="consumer", country="Austria")) == "c"
    assert rule_of(structs.replace(EUR, kind="consumer", country="FR")) is None
    assert rule_of(structs.replace(EUR, kind=None, country=None)) is None
    assert rules.late_fee_rule(31, EUR) is None
    assert rules.late_fee_steps() == (1,)


def test_s3_a_percentage_with_everything() -> None:
    amount = "{percent: 5, min: {EUR: 5}, max: {EUR: 40}}"
    rules = late_fee(amount, ", cap: {per_invoice: {EUR: 60}}, minimum_balance: {EUR: 20}")
    assert charge(rules, due(70_000)) == 3500
    assert charge(rules, due(70_000, charged_minor=3500)) == 2500
    assert charge(rules, due(70_000, charged_minor=6000)) == "capped"
    assert charge(rules, due(3000)) == 500
    assert charge(rules, due(3000, charged_minor=500)) == 500
    assert charge(rules, due(1999)) == "below_minimum"


def compensation(rules: Charging, debt: Debt, basis: int) -> tuple[int | str, str | None]:
    applied = rules.compensation_rule(debt)
    assert applied is not None
    at = Due(currency=debt.currency, basis_minor=basis, invoice_minor=basis)
    found = step_charge(applied, at, rules.limits_of(debt))
    return (found.reason if isinstance(found, Skipped) else found.amount_minor), applied.pack


@pytest.mark.parametrize(
    ("basis", "charged"), [(99_999, 4000), (100_000, 7000), (999_999, 7000), (1_000_000, 10_000)]
)
def test_uk_bands(basis: int, charged: int) -> None:
    debt = Debt(currency="GBP", kind="business")
    rules = policy("", ", packs: [uk-late-payment]")
    assert compensation(rules, debt, basis) == (charged, "uk-late-payment")


def test_own_rules_come_before_packs_and_packs_in_order() -> None:
    own = (
        "{id: o, kind: compensation, when: {tags_any: vip}, because: x, amount: {fixed: {EUR: 1}}}"
    )
    rules = policy(own, ", packs: [de-late-payment, eu-late-payment]")
    assert compensation(rules, structs.replace(EUR, tags=("vip",)), 100) == (100, None)
    assert compensation(rules, EUR, 100) == (4000, "de-late-payment")
    assert compensation(rules, structs.replace(EUR, country="IT"), 100) == (4000, "eu-late-payment")
    interest = rules.interest_rule(EUR)
    assert interest is not None
    assert interest.rule.rate.margin == 9
    assert rules.compensation_rule(structs.replace(EUR, kind="consumer")) is None


def test_unverified_packs_only_where_they_are_accepted() -> None:
    french = structs.replace(EUR, country="FR")
    assert policy("", ", packs: [fr-late-payment]").interest_rule(french) is None
    accepted = policy("", ", packs: [fr-late-payment], accept_unverified: [fr-late-payment]")
    found = accepted.interest_rule(french)
    assert found is not None
    assert found.rule.rate == Rate(reference="ecb-mro", margin=Fraction(10))


def test_german_consumers_pay_no_costs_and_small_fees() -> None:
    consumer = Debt(currency="EUR", kind="consumer", country="DE")
    rules = policy(
        """{id: f, kind: late_fee, step: 1, because: x, amount: {fixed: {EUR: 10}}},
           {id: c, kind: compensation, because: x, amount: {fixed: {EUR: 40}}}""",
        ", packs: [de-consumer], accept_unverified: [de-consumer]",
    )
    assert charge(rules, due(10_000), consumer) == 300
    assert compensation(rules, consumer, 10_000)[0] == "limit"
    assert compensation(rules, EUR, 10_000)[0] == 4000
    (limit,) = rules.limits_of(consumer)
    assert limit.max_rate == Rate(reference="bgb-base", margin=Fraction(5))


def test_a_returned_payment() -> None:
    rules = policy(
        """{id: r, kind: bounce_fee, reversals: [bounced], amount: {fixed: {EUR: 3}},
            disclosure: {texts: [b]}},
           {id: s, kind: bounce_fee, reversals: [chargeback],
            amount: {percent: 1, of: amount, max: {EUR: 5}}}""",
        ", limits: [{when: {country: AT}, max_fee: {EUR: 2}}]",
    )

    def fee(kind: str, debt: Debt = EUR, *, stopped: bool = False, told: bool = True) -> int | str:
        applied = rules.bounce_fee_rule(kind, debt)  # type: ignore[arg-type]
        assert applied is not None
        found = bounce_fee(
            applied, "EUR", 12_345, rules.limits_of(debt), is_stopped=stopped, is_disclosed=told
        )
        return found.reason if isinstance(found, Skipped) else found.amount_minor

    assert fee("bounced") == 300
    assert fee("bounced", told=False) == "not_disclosed"
    assert fee("bounced", stopped=True, told=False) == "stopped"
    assert fee("bounced", structs.replace(EUR, country="AT")) == 200
    assert fee("chargeback", told=False) == 123
    assert rules.bounce_fee_rule("refund", EUR) is None


def test_waiving_is_free_up_to_an_amount() -> None:
    waive = policy("", ", waive: {within: {EUR: 50}, role: finance}").waive
    assert waive.is_free(5000, "EUR")
    assert not waive.is_free(5001, "EUR")
    assert not waive.is_free(1, "GBP")
    assert waive.role == "finance"
    assert not policy().waive.is_free(1, "EUR")
    assert policy().is_empty
