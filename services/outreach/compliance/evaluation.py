"""One question and the rules that bind it: what each finds at an instant, and the first instant at
which none objects any more.

A rule that may bind is evaluated as if it did; a block that holds only because something isn't
known becomes the approval of a person, who can find out.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from msgspec import UNSET, Struct, structs

from services.outreach.compliance import limitation
from services.outreach.compliance.conditions.condition import MAYBE, NO, YES
from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.facts.history import REPLY_WITHIN
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.rule import (
    ALLOW,
    APPROVAL,
    DEFER,
    Attempt,
    Finding,
    Guards,
    Rule,
    unknown_text,
)
from services.outreach.compliance.rule_set import BoundRule, RuleSet, Scope

SEARCH = timedelta(days=14)
STEPS_MAX = 500  # far more than any search takes: a rule that moves by less is a mistake


class Evaluation:
    """One question and its rules."""

    def __init__(self, question: Question, rules: RuleSet, guards: Guards) -> None:
        self.facts = facts = Facts(question)
        self.rules = rules
        self.guards = guards
        self.places = facts.jurisdictions()
        self.attempt = Attempt(facts, facts.at, guards)
        self.scopes = self.scopes_at(facts.at)
        self._limits: dict[tuple[int, datetime], tuple[str, str]] = {}
        facts.period_end = self._period_end
        facts.limitation = self._limitation

    def scopes_at(self, at: datetime) -> list[tuple[int, Scope]]:
        """The rules that bind at an instant, for each debt."""
        facts = self.facts
        party, days = facts.question.party, facts.dates(at)
        return [
            (
                debt,
                self.rules.scope(party, facts.channel, self.places, facts.purpose(debt), days),
            )
            for debt in facts.debts
        ]

    # ── Evaluating ──────────────────────────────────────────────────────────────────────────────

    def findings(self) -> list[Finding]:
        """What all rules find at the instant asked about, in the order of the stages."""
        return self._strictest(
            [self._evaluate(scope.evaluated, self.attempt, debt) for debt, scope in self.scopes]
        )

    def findings_at(self, at: datetime) -> list[Finding]:
        """The same at another instant."""
        attempt = Attempt(self.facts, at, self.guards)
        return self._strictest(
            [self._evaluate(scope.evaluated, attempt, debt) for debt, scope in self.scopes_at(at)]
        )

    def _strictest(self, by_debt: Sequence[list[Finding]]) -> list[Finding]:
        """Of what a rule finds about several debts, the strictest."""
        if len(by_debt) == 1:
            return by_debt[0]
        strictest: dict[Rule, Finding] = {}
        for findings in by_debt:
            for finding in findings:
                other = strictest.get(finding.rule)
                if other is None or _strictness(finding) > _strictness(other):
                    strictest[finding.rule] = finding
        return sorted(strictest.values(), key=lambda finding: finding.rule.order)

    def _evaluate(self, rules: Iterable[BoundRule], attempt: Attempt, debt: int) -> list[Finding]:
        """What these rules find about a debt."""
        facts, at = attempt.facts, attempt.at
        findings = []
        for bound in rules:
            rule, truth = bound.rule, bound.truth
            if rule.applies is not None:
                applies = rule.applies(facts, debt, at)
                if applies == NO:  # the answer may name a bar that was checked and is not up
                    if rule.lifted is not None and truth == YES:
                        gates_apply = rule.gates_apply
                        if gates_apply is None or gates_apply(facts, debt, at) == YES:
                            findings.append(rule.lifted)
                    continue
                if applies == MAYBE:
                    truth = MAYBE
            assert bound.evaluate is not None
            finding = bound.evaluate(rule, attempt, debt)
            if finding is None:
                continue
            if truth == MAYBE and finding.effect != DEFER:
                if finding.effect == ALLOW and bound.named:
                    continue  # nobody knows that it bound
                if finding.effect != ALLOW:
                    finding = self._for_a_person(finding, attempt, debt)
            findings.append(finding)
        return findings

    def due_texts(self) -> list[tuple[Rule, int]]:
        """The rules whose texts are due, or may be, debt by debt."""
        return [
            (rule, debt)
            for debt, scope in self.scopes
            for rule in scope.texts
            if rule.applies is None or rule.applies(self.facts, debt, self.attempt.at) != NO
        ]

    def kept_evidence(self) -> list[tuple[Rule, int]]:
        """The rules whose evidence is kept, debt by debt."""
        return [
            (rule, debt)
            for debt, scope in self.scopes
            for rule in scope.evidence
            if rule.applies is None or rule.applies(self.facts, debt, self.attempt.at) != NO
        ]

    def _for_a_person(self, finding: Finding, attempt: Attempt, debt: int) -> Finding:
        """A stop that stands only because something isn't known: a person can find out."""
        rule, facts = finding.rule, attempt.facts
        certain, _possible = self.places
        there = "any" in rule.jurisdictions or not rule.jurisdictions.isdisjoint(certain)
        fields = [] if there else ["debtor.addresses"]
        label = facts.label(debt)
        if facts.purpose(debt) is None and not (rule.consumer and rule.commercial):
            fields.append(f"debts[{label}].purpose")
        for each in (rule, *rule.via):
            for condition in (each.when, each.unless):
                if condition is not None:
                    fields += [
                        fact.field.replace("debts[]", f"debts[{label}]", 1)
                        for fact in condition.unknowns(facts, debt, attempt.at)
                    ]
        fields += finding.missing
        text = unknown_text(fields)
        if not finding.missing:
            text += f"; if it binds: {finding.text}"
        return Finding(rule, APPROVAL, text, finding.until, finding.role or "compliance", fields)

    # ── What the rules know that facts ask for ──────────────────────────────────────────────────

    def _period_end(self, debt: int) -> Any:
        """The last day of the longest period that runs from a notice; None: no notice was sent."""
        longest: date | None = None
        for rule in next(scope.periods for each, scope in self.scopes if each == debt):
            assert rule.kind.period is not None
            period = rule.kind.period(rule, self.facts, debt)
            if period is UNSET:
                return UNSET
            if period is not None:
                longest = period[1] if longest is None else max(longest, period[1])
        return longest

    def _limitation(self, debt: int, at: datetime) -> tuple[str, str]:
        """Whether the period of limitation is over; worked out once for each instant."""
        key = (debt, at)
        state = self._limits.get(key)
        if state is None:
            certain, possible = self.places
            places = certain | possible
            state = limitation.state_of(self.facts, self.rules, places, debt, at)
            self._limits[key] = state
        return state

    # ── The earliest lawful instant ─────────────────────────────────────────────────────────────

    def search(self, objections: Sequence[Finding]) -> datetime | None:
        """The first instant within 14 days that all rules allow, given their findings now; None:
        there is none."""
        at, limit = self.facts.at, self.facts.at + SEARCH
        attempt = self.attempt
        for _ in range(STEPS_MAX):
            latest = at
            for finding in objections:
                if finding.effect == ALLOW:
                    continue
                bound = self._not_before(finding, attempt)
                if bound is None:
                    return None
                latest = max(latest, bound)
            if latest == at:
                return self._confirmed(at, limit)
            if latest > limit:
                return None
            at = latest
            attempt = Attempt(self.facts, at, self.guards)
            objections = [
                finding
                for (debt, scope), (_, asked) in zip(self.scopes_at(at), self.scopes, strict=True)
                for finding in self._evaluate(self._changing(scope, asked), attempt, debt)
            ]
        return None

    def _confirmed(self, at: datetime, limit: datetime) -> datetime | None:
        """The instant found, or a later one if the zone that the debtor confirmed lapses before it
        and they may be elsewhere again."""
        later = self.lapsed(at)
        if later is None:
            return at
        objections = later.findings()
        effect = max((finding.effect for finding in objections), default=ALLOW)
        earliest = at if effect == ALLOW else later.search(objections) if effect == DEFER else None
        return earliest if earliest is not None and earliest <= limit else None

    def lapsed(self, at: datetime) -> "Evaluation | None":
        """The question as asked at a later instant, if a confirmed zone has lapsed by then."""
        until = self.facts.confirmed_until
        if until is None or at < until:
            return None
        return Evaluation(structs.replace(self.facts.question, at=at), self.rules, self.guards)

    def _changing(self, scope: Scope, asked: Scope) -> Iterable[BoundRule]:
        """The rules that may decide otherwise than at the instant asked about: all those that the
        clock moves, and those that weren't in force."""
        rules = scope.dated if self.ahead else scope.timed
        if scope is asked:
            return rules
        considered = {each.rule for each in rules} | asked.rules
        return [*rules, *(each for each in scope.evaluated if each.rule not in considered)]

    def _not_before(self, finding: Finding, attempt: Attempt) -> datetime | None:
        """An instant before which the rule surely goes on to object; None: no end in sight."""
        rule = finding.rule
        if not rule.conditional and rule.until is None:
            return finding.until
        change = self._next_change(attempt.at)
        return change if finding.until is None else min(change, finding.until)

    @cached_property
    def ahead(self) -> tuple[datetime, ...]:
        """The instants that the question names and that are still to come."""
        instants: list[datetime] = []
        question = self.facts.question
        _collect(question.debtor, question.at, instants)
        _collect(question.debts, question.at, instants)
        return tuple(sorted(instants))

    def _next_change(self, at: datetime) -> datetime:
        """The next instant at which a fact may change by the clock alone."""
        instants = [each for each in self.ahead if each > at]
        if self.facts.is_reply(at):
            asked = self.facts.asked_at
            assert asked is not None
            instants.append(asked + REPLY_WITHIN + timedelta(microseconds=1))
        return min([self.facts.next_midnight(at), *instants])


def _collect(value: Any, after: datetime, instants: list[datetime]) -> None:
    if isinstance(value, datetime):
        if value > after:
            instants.append(value.astimezone(UTC))
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, after, instants)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            _collect(getattr(value, name), after, instants)


def _strictness(finding: Finding) -> tuple[int, float]:
    return finding.effect, finding.until.timestamp() if finding.until is not None else 0.0
