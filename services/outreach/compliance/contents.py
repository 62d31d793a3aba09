"""Content: what a message must not hold, or must not lack."""

from msgspec import UNSET

from services.outreach.compliance.params import Contents
from services.outreach.compliance.rules import (
    ALLOW,
    APPROVAL,
    STRENGTH,
    Case,
    Finding,
    Rule,
    not_known,
)
from services.outreach.compliance.vocabulary import FACTS
from shared.errors import FieldError


def prepare(params: Contents, pointer: str, errors: list[FieldError]) -> None:
    if not params.forbids and not params.requires:
        errors.append(FieldError(pointer, "needs `forbids` or `requires`"))
    for member in ("forbids", "requires"):
        for index, name in enumerate(getattr(params, member)):
            if f"content.{name}" not in FACTS:
                known = ", ".join(
                    fact.partition(".")[2] for fact in FACTS if fact.startswith("content.")
                )
                errors.append(
                    FieldError(f"{pointer}/{member}/{index}", f"no such content; there are {known}")
                )


def judge(rule: Rule, case: Case, debt: int) -> Finding | None:
    params: Contents = rule.params
    wrong: list[str] = []
    open_: list[str] = []
    for names, wanted in ((params.forbids, False), (params.requires, True)):
        for name in names:
            value = case.facts.value(f"content.{name}", debt, case.at)
            if value is UNSET:
                open_.append(FACTS[f"content.{name}"].field)
            elif bool(value) is not wanted:
                wrong.append(f"{'lacks' if wanted else 'holds'} {name}")
    if wrong:
        effect = STRENGTH[params.effect]
        text = rule.because or f"the message {' and '.join(wrong)}"
        return Finding(rule, effect, text, None, params.role if effect == APPROVAL else None)
    if open_:
        return not_known(rule, open_, params.role)
    return Finding(rule, ALLOW, "the content is in order")
