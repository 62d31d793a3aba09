"""The verdict: every rule that binds is asked, the strictest decides, and all is explained.

When rules only defer, the earliest lawful instant is searched: each rule gives an instant before
which it surely doesn't allow, the latest of them is tried next, and what all allow is the first
such instant, to the minute (hearing.py).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from services.outreach.compliance import disclosures, interest, retention, waiting
from services.outreach.compliance.answer import NOTICE, Answer, Decided, Disclosure, Effect
from services.outreach.compliance.facts import Facts
from services.outreach.compliance.geography.places import country_zones
from services.outreach.compliance.hearing import SEARCH, Hearing
from services.outreach.compliance.kinds import NAMED_WHEN_SATISFIED
from services.outreach.compliance.library import TZDATA_VERSION, Books
from services.outreach.compliance.question import Question
from services.outreach.compliance.rules import (
    ALLOW,
    APPROVAL,
    BLOCK,
    DEFER,
    EFFECTS,
    Finding,
    Guards,
    Rule,
    unknown_text,
)

_EVIDENCE = {
    "waiting": waiting.evidence,
    "interest": interest.evidence,
    "retention": retention.evidence,
}
_NO_GUARDS = Guards()


def evaluate(question: Question, books: Books, *, guards: Guards = _NO_GUARDS) -> Answer:
    """May this contact be made? The same question and the same books give the same answer.

    Raises `Invalid` for unknown packs, `Unavailable` when the time-zone data is too old.
    """
    return answer_of(open_hearing(question, books, guards))


def open_hearing(question: Question, books: Books, guards: Guards = _NO_GUARDS) -> Hearing:
    packs = question.packs
    # No name at all is no choice: nobody asks for the verdict of no law.
    chosen = books.select(frozenset(packs) if packs else None)
    chosen.check_tzdata()
    return Hearing(question, chosen, guards)


def judge(hearing: Hearing, at: datetime) -> tuple[Effect, list[Finding]]:
    """The verdict at another instant, without a search, and the findings that make it."""
    findings = hearing.findings_at(at)
    effect = max((finding.effect for finding in findings), default=ALLOW)
    if _missing(hearing.facts):
        effect = max(effect, APPROVAL)
    return EFFECTS[effect], [each for each in findings if each.effect == effect]


def speakers(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The rules by name that speak through findings."""
    spoken = _spoken(sorted(findings, key=lambda each: each.rule.order))
    return tuple(
        dict.fromkeys(rule.id for each in spoken for rule in (each.rule.via or (each.rule,)))
    )


def answer_of(hearing: Hearing) -> Answer:
    findings = hearing.findings()
    missing = _missing(hearing.facts)
    effect = max((finding.effect for finding in findings), default=ALLOW)
    if missing:
        effect = max(effect, APPROVAL)
    until = None
    if effect == DEFER:
        until = hearing.search(findings)
        if until is None:
            effect = APPROVAL
            findings = [_beyond(each) if each.effect == DEFER else each for each in findings]
    decided, also = _sorted(findings, effect)
    entries, beside = _entries(decided), _entries(also)
    if effect == APPROVAL:
        entries = missing + entries
    elif effect == BLOCK:
        beside = missing + beside
    elif effect == DEFER:
        beside += _open_hours(decided, findings)
    if hearing.guards != _NO_GUARDS and any(each.rule.kind == "window" for each in decided):
        beside.append(_guarded(hearing.guards, effect))
    return Answer(
        verdict=EFFECTS[effect],
        until=UNSET if until is None else until,
        role=_role(entries) if effect == APPROVAL else UNSET,
        decided_by=entries,
        disclosures=_disclosures(hearing),
        record=_record(hearing, effect),
        also=beside,
        unverified=effect != ALLOW and any(each.rule.is_unverified for each in decided),
        rulebook_version=hearing.books.version,
        rulebooks=UNSET if hearing.books.versions is None else hearing.books.versions,
        tzdata_version=TZDATA_VERSION,
        notice=NOTICE,
    )


def _guarded(guards: Guards, effect: int) -> Decided:
    return Decided(
        rule="SYS-DEQUEUE",
        effect=EFFECTS[effect],
        because=f"windows are narrowed by {guards.start_minutes} and {guards.end_minutes} minutes"
        " when a contact is sent",
    )


def _disclosures(hearing: Hearing) -> list[Disclosure]:
    found: dict[tuple[str, str], Disclosure] = {}
    for rule, debt in hearing.bound("texts"):
        for each in disclosures.texts(rule, hearing.case, debt):
            found.setdefault((each.rule, each.text_id), each)
    return list(found.values())


def _record(hearing: Hearing, effect: int) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    facts = hearing.facts
    for rule, debt in hearing.bound("kept"):
        if rule.kind == "retention" and effect != ALLOW:
            continue  # nothing happens of which there would be evidence
        evidence = _EVIDENCE[rule.kind](rule, hearing.case, debt)
        if evidence is None:
            continue
        entry = {"rule": rule.id, **evidence}
        if rule.kind == "waiting" and len(facts.debts) > 1:
            entry["debt"] = facts.label(debt)
        if entry not in kept:
            kept.append(entry)
    return kept


# ── Putting the words together ──────────────────────────────────────────────────────────────────


def _beyond(finding: Finding) -> Finding:
    text = f"{finding.text}; no lawful instant within {SEARCH.days} days"
    return Finding(finding.rule, APPROVAL, text, finding.until, "compliance")


def _sorted(findings: list[Finding], effect: int) -> tuple[list[Finding], list[Finding]]:
    """Those that decided and those that would have, each in the order of the explanation."""
    if effect == ALLOW:
        named = [each for each in findings if each.rule.kind in NAMED_WHEN_SATISFIED]
        return _spoken(named), []
    decided = [each for each in findings if each.effect == effect]
    also = [each for each in findings if ALLOW < each.effect < effect]
    return _spoken(sorted(decided, key=_latest)), _spoken(
        sorted(also, key=lambda each: (-each.effect, *_latest(each)))
    )


def _latest(finding: Finding) -> tuple[Any, ...]:
    until = -finding.until.timestamp() if finding.until is not None else 0.0
    return until if finding.effect == DEFER else 0.0, finding.rule.order


def _spoken(findings: list[Finding]) -> list[Finding]:
    """Without those for which another rule of the same effect speaks."""
    silent = {name for each in findings for name in each.rule.speaks_for or ()}
    if not silent:
        return findings
    return [
        each
        for each in findings
        if each.rule.id not in silent or each.rule.id in each.rule.speaks_for
    ]


def _entries(findings: Iterable[Finding]) -> list[Decided]:
    """One entry for each rule, and for each gate through which a rule came to bind."""
    found: dict[str, Decided] = {}
    for finding in findings:
        rule = finding.rule
        if finding is rule.clear and not rule.via:
            if rule.id not in found:
                found[rule.id] = _clear_entry(rule)
            continue
        for speaker in (*rule.via, rule):
            if speaker.id not in found:
                found[speaker.id] = Decided(
                    rule=speaker.id,
                    effect=EFFECTS[finding.effect],
                    until=UNSET if finding.until is None else finding.until,
                    role=UNSET if finding.role is None else finding.role,
                    citation=speaker.citation,
                    because=_through(finding, speaker),
                )
    return list(found.values())


def _through(finding: Finding, speaker: Rule) -> str:
    """The words of a finding; where a gate made the rule bind, with both named."""
    rule = finding.rule
    if not rule.via:
        return finding.text
    if speaker is not rule:
        return f"{finding.text} ({rule.id} applies)"
    return f"{finding.text} (applies through {', '.join(gate.id for gate in rule.via)})"


@lru_cache(maxsize=4096)
def _clear_entry(rule: Rule) -> Decided:
    assert rule.clear is not None
    return Decided(rule=rule.id, effect="allow", citation=rule.citation, because=rule.clear.text)


def _open_hours(decided: list[Finding], findings: list[Finding]) -> list[Decided]:
    """When hours decided: the other hours that bound and were open."""
    if not any(each.rule.kind == "window" for each in decided):
        return []
    named = {each.rule.id for each in decided}
    return _entries(
        each
        for each in findings
        if each.effect == ALLOW
        and each.rule.kind == "window"
        and each.rule.params.hours is not None
        and each.rule.id not in named
    )


def _missing(facts: Facts) -> list[Decided]:
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
        Decided(
            rule="SYS-MISSING",
            effect="require_approval",
            role="compliance",
            citation="design rule: what is not known is never harmless",
            because=f"{unknown_text(fields)}: whose law and whose clock apply",
        )
    ]


def _role(entries: list[Decided]) -> Any:
    return next((each.role for each in entries if each.role is not UNSET), "compliance")
