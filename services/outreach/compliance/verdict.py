"""The verdict: every rule that binds is evaluated, the strictest finding decides, all is explained.

When rules only defer, the earliest lawful instant is searched: each rule gives an instant before
which it surely doesn't allow, the latest of them is tried next, and what all allow is the first
such instant, to the minute (`evaluation`).
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.answer import NOTICE, Answer, Disclosure, Effect, RuleEffect
from services.outreach.compliance.evaluation import SEARCH, Evaluation
from services.outreach.compliance.explanation import (
    deciding,
    entries,
    guards_entry,
    open_alternatives,
)
from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.geography.places import country_zones
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.rule import (
    ALLOW,
    APPROVAL,
    BLOCK,
    DEFER,
    EFFECTS,
    NO_GUARDS,
    Finding,
    Guards,
    unknown_text,
)
from services.outreach.compliance.rule_set import TZDATA_VERSION, RuleSet


def evaluate(question: Question, rules: RuleSet, *, guards: Guards = NO_GUARDS) -> Answer:
    """May this contact be made? The same question and the same rules give the same answer.

    Raises `Invalid` for unknown packs, `Unavailable` when the time-zone data is too old.
    """
    return _answer(evaluation_of(question, rules, guards))


def evaluation_of(question: Question, rules: RuleSet, guards: Guards = NO_GUARDS) -> Evaluation:
    packs = question.packs
    # An empty list is no choice of packs: nobody wants a verdict without any law.
    chosen = rules.select(frozenset(packs) if packs else None)
    chosen.check_tzdata()
    return Evaluation(question, chosen, guards)


def verdict_at(evaluation: Evaluation, at: datetime) -> tuple[Effect, list[Finding]]:
    """The verdict at another instant, without a search, and the findings that make it."""
    findings = evaluation.findings_at(at)
    effect = max((finding.effect for finding in findings), default=ALLOW)
    if _missing(evaluation.facts):
        effect = max(effect, APPROVAL)
    return EFFECTS[effect], [each for each in findings if each.effect == effect]


def _answer(evaluation: Evaluation) -> Answer:
    findings = evaluation.findings()
    missing = _missing(evaluation.facts)
    effect = max((finding.effect for finding in findings), default=ALLOW)
    if missing:
        effect = max(effect, APPROVAL)
    until = None
    if effect == DEFER:
        until = evaluation.search(findings)
        if until is None:
            effect = APPROVAL
            findings = [_beyond(each) if each.effect == DEFER else each for each in findings]
    decided, also = deciding(findings, effect)
    reasons, others = entries(decided), entries(also)
    if effect == APPROVAL:
        reasons = missing + reasons
    elif effect == BLOCK:
        others = missing + others
    elif effect == DEFER:
        others += open_alternatives(decided, findings)
    others += guards_entry(decided, evaluation.guards, effect)
    return Answer(
        verdict=EFFECTS[effect],
        until=UNSET if until is None else until,
        role=_role(reasons) if effect == APPROVAL else UNSET,
        decided_by=reasons,
        disclosures=_disclosures(evaluation),
        record=_record(evaluation, effect),
        also=others,
        unverified=effect != ALLOW and any(each.rule.is_unverified for each in decided),
        rulebook_version=evaluation.rules.version,
        rulebooks=UNSET if evaluation.rules.versions is None else evaluation.rules.versions,
        tzdata_version=TZDATA_VERSION,
        notice=NOTICE,
    )


def _disclosures(evaluation: Evaluation) -> list[Disclosure]:
    texts_by_id: dict[tuple[str, str], Disclosure] = {}
    for rule, debt in evaluation.due_texts():
        texts = rule.kind.texts
        assert texts is not None
        for each in texts(rule, evaluation.attempt, debt):
            texts_by_id.setdefault((each.rule, each.text_id), each)
    return list(texts_by_id.values())


def _record(evaluation: Evaluation, effect: int) -> list[dict[str, Any]]:
    """The evidence to keep with the contact."""
    record: list[dict[str, Any]] = []
    for rule, debt in evaluation.kept_evidence():
        kind = rule.kind
        if kind.evidence_of_sent and effect != ALLOW:
            continue  # nothing happens of which there would be evidence
        assert kind.evidence is not None
        evidence = kind.evidence(rule, evaluation.attempt, debt)
        if evidence is None:
            continue
        entry = {"rule": rule.id, **evidence}
        if entry not in record:
            record.append(entry)
    return record


def _beyond(finding: Finding) -> Finding:
    text = f"{finding.text}; no lawful instant within {SEARCH.days} days"
    return Finding(finding.rule, APPROVAL, text, finding.until, "compliance")


def _missing(facts: Facts) -> list[RuleEffect]:
    """What no rule can be asked without: where the debtor lives, and where they may be called."""
    debtor = facts.question.debtor
    fields = []
    if not debtor.addresses:
        fields.append("debtor.addresses")
    elif not all(place.country and country_zones(place.country) for place in debtor.addresses):
        fields.append("debtor.addresses[].country")
    if debtor.phones is UNSET:
        fields.append("debtor.phones")
    if not fields:
        return []
    return [
        RuleEffect(
            rule="SYS-MISSING",
            effect="require_approval",
            role="compliance",
            citation="design rule: what is not known is never harmless",
            because=f"{unknown_text(fields)}: whose law and whose clock apply",
        )
    ]


def _role(reasons: list[RuleEffect]) -> Any:
    return next((each.role for each in reasons if each.role is not UNSET), "compliance")
