"""Disclosures: texts that a message must carry. Where it isn't known whether one is due, it is."""

from collections.abc import Iterator

from services.outreach.compliance.answer import Disclosure
from services.outreach.compliance.conditions import NO, Condition, compile_condition
from services.outreach.compliance.params import Disclosures
from services.outreach.compliance.rules import Case, Rule
from shared.errors import FieldError

Texts = tuple[tuple[str, Condition | None], ...]


def prepare(params: Disclosures, pointer: str, errors: list[FieldError]) -> Texts:
    return tuple(
        (
            said.text_id,
            None
            if said.when is None
            else compile_condition(said.when, f"{pointer}/texts/{index}/when", errors),
        )
        for index, said in enumerate(params.texts)
    )


def texts(rule: Rule, case: Case, debt: int) -> Iterator[Disclosure]:
    plan: Texts = rule.plan
    for text_id, condition in plan:
        if condition is None or condition.test(case.facts, debt, case.at) != NO:
            yield Disclosure(rule=rule.id, text_id=text_id)
