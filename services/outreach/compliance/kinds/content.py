"""Content: what a message must not hold, or must not lack."""

from msgspec import UNSET

from services.outreach.compliance.facts.vocabulary import FACTS
from services.outreach.compliance.params import Params, Role, Stop, Word
from services.outreach.compliance.rule import (
    ALLOW,
    APPROVAL,
    STRENGTH,
    Attempt,
    Finding,
    Kind,
    Rule,
    RuleDraft,
    Stage,
    not_known,
)


class Contents(Params, frozen=True, kw_only=True):
    """What a message must not hold, or must not lack.

    {forbids: [threatens_suit], requires: [identifies_caller]}
    """

    forbids: tuple[Word, ...] = ()  # opt_out_line, threatens_suit …: members of contact.content
    requires: tuple[Word, ...] = ()
    effect: Stop = "block"
    role: Role = "compliance"


def _prepare(params: Contents, draft: RuleDraft) -> None:
    if not params.forbids and not params.requires:
        draft.fault("needs `forbids` or `requires`")
    for member in ("forbids", "requires"):
        for index, name in enumerate(getattr(params, member)):
            if f"content.{name}" not in FACTS:
                known = ", ".join(
                    fact.partition(".")[2] for fact in FACTS if fact.startswith("content.")
                )
                draft.fault(f"no such content; there are {known}", f"/{member}/{index}")


def _evaluate(rule: Rule, attempt: Attempt, debt: int) -> Finding | None:
    params: Contents = rule.params
    wrong: list[str] = []
    unknown: list[str] = []
    for names, wanted in ((params.forbids, False), (params.requires, True)):
        for name in names:
            value = attempt.facts.value(f"content.{name}", debt, attempt.at)
            if value is UNSET:
                unknown.append(FACTS[f"content.{name}"].field)
            elif bool(value) is not wanted:
                wrong.append(f"{'lacks' if wanted else 'holds'} {name}")
    if wrong:
        effect = STRENGTH[params.effect]
        text = rule.because or f"the message {' and '.join(wrong)}"
        return Finding(rule, effect, text, None, params.role if effect == APPROVAL else None)
    if unknown:
        return not_known(rule, unknown, params.role)
    return Finding(rule, ALLOW, "the content is in order")


KIND = Kind(
    name="content", params=Contents, stage=Stage.CONTENT, prepare=_prepare, evaluate=_evaluate
)
