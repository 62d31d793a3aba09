"""Disclosures: texts that a message must carry. Where it isn't known whether one is due, it is."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from services.outreach.compliance.answer import Disclosure
from services.outreach.compliance.conditions.condition import NO, Condition
from services.outreach.compliance.params import Params, RawConditions, Word
from services.outreach.compliance.rule import Attempt, Kind, Rule, RuleDraft, Stage


class DueText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text_id: Word
    when: RawConditions | None = None  # where it is not known, the text is added


class Disclosures(Params, frozen=True, kw_only=True):
    """Texts that the message must carry.

    {texts: [{text_id: mini-miranda, when: {debt.first_communication: true}}]}
    """

    texts: Annotated[tuple[DueText, ...], Meta(min_length=1)]


Plan = tuple[tuple[str, Condition | None], ...]  # text_id, when


def _prepare(params: Disclosures, draft: RuleDraft) -> Plan:
    return tuple(
        (
            text.text_id,
            None if text.when is None else draft.condition(text.when, f"/texts/{index}/when"),
        )
        for index, text in enumerate(params.texts)
    )


def _conditions(plan: Plan) -> list[Condition]:
    return [condition for _text, condition in plan if condition is not None]


def _texts(rule: Rule, attempt: Attempt, debt: int) -> Iterator[Disclosure]:
    plan: Plan = rule.plan
    for text_id, condition in plan:
        if condition is None or condition.test(attempt.facts, debt, attempt.at) != NO:
            yield Disclosure(rule=rule.id, text_id=text_id)


KIND = Kind(
    name="disclosure",
    params=Disclosures,
    stage=Stage.CONTENT,
    prepare=_prepare,
    conditions=_conditions,
    texts=_texts,
)
