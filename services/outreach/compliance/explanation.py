"""The explanation: findings as entries of the answer, in order, each rule once, with the gates
through which it came to bind.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.answer import RuleEffect
from services.outreach.compliance.rule import (
    ALLOW,
    DEFER,
    EFFECTS,
    NO_GUARDS,
    Finding,
    Guards,
    Rule,
)


def deciding(findings: list[Finding], effect: int) -> tuple[list[Finding], list[Finding]]:
    """Those that decided and those that would have, each in the order of the explanation."""
    if effect == ALLOW:
        named = [each for each in findings if each.rule.kind.named_when_satisfied]
        return without_spoken_for(named), []
    decided = [each for each in findings if each.effect == effect]
    also = [each for each in findings if ALLOW < each.effect < effect]
    return without_spoken_for(sorted(decided, key=_latest)), without_spoken_for(
        sorted(also, key=lambda each: (-each.effect, *_latest(each)))
    )


def _latest(finding: Finding) -> tuple[Any, ...]:
    until = -finding.until.timestamp() if finding.until is not None else 0.0
    return until if finding.effect == DEFER else 0.0, finding.rule.order


def without_spoken_for(findings: list[Finding]) -> list[Finding]:
    """Without those that another rule of the same effect stands for (`speaks_for`)."""
    silent = {name for each in findings for name in each.rule.speaks_for or ()}
    if not silent:
        return findings
    return [
        each
        for each in findings
        if each.rule.id not in silent or each.rule.id in each.rule.speaks_for
    ]


def rule_ids(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The ids of the rules behind findings; for a rule that a gate extends, the gates."""
    shown = without_spoken_for(sorted(findings, key=lambda each: each.rule.order))
    return tuple(
        dict.fromkeys(rule.id for each in shown for rule in (each.rule.via or (each.rule,)))
    )


def entries(findings: Iterable[Finding]) -> list[RuleEffect]:
    """One entry for each rule, and for each gate through which a rule came to bind."""
    by_rule: dict[str, RuleEffect] = {}
    for finding in findings:
        rule = finding.rule
        if finding is rule.lifted and not rule.via:
            if rule.id not in by_rule:
                by_rule[rule.id] = _lifted_entry(rule)
            continue
        for speaker in (*rule.via, rule):
            if speaker.id not in by_rule:
                by_rule[speaker.id] = RuleEffect(
                    rule=speaker.id,
                    effect=EFFECTS[finding.effect],
                    until=UNSET if finding.until is None else finding.until,
                    role=UNSET if finding.role is None else finding.role,
                    citation=speaker.citation,
                    because=_through(finding, speaker),
                )
    return list(by_rule.values())


def _through(finding: Finding, speaker: Rule) -> str:
    """The words of a finding; where a gate made the rule bind, with both named."""
    rule = finding.rule
    if not rule.via:
        return finding.text
    if speaker is not rule:
        return f"{finding.text} ({rule.id} applies)"
    return f"{finding.text} (applies through {', '.join(gate.id for gate in rule.via)})"


@lru_cache(maxsize=4096)
def _lifted_entry(rule: Rule) -> RuleEffect:
    assert rule.lifted is not None
    return RuleEffect(
        rule=rule.id, effect="allow", citation=rule.citation, because=rule.lifted.text
    )


def open_alternatives(decided: list[Finding], findings: list[Finding]) -> list[RuleEffect]:
    """When hours decided: the other hours that bound and were open."""
    kinds = {each.rule.kind for each in decided}
    named = {each.rule.id for each in decided}
    return entries(
        each
        for each in findings
        if each.effect == ALLOW
        and each.rule.kind in kinds
        and each.rule.kind.named_when_open(each.rule.params)
        and each.rule.id not in named
    )


def guards_entry(decided: list[Finding], guards: Guards, effect: int) -> list[RuleEffect]:
    """That the guards narrowed the hours that decided."""
    if guards == NO_GUARDS or not any(each.rule.kind.is_guarded for each in decided):
        return []
    text = f"windows are narrowed by {guards.start_minutes} and {guards.end_minutes} minutes"
    return [
        RuleEffect(
            rule="SYS-DEQUEUE",
            effect=EFFECTS[effect],
            because=f"{text} when a contact is sent",
        )
    ]
