"""A rule, its kind, and what it finds about a contact attempt.

A `Kind` is all that the governor knows of one kind of rule: `kinds/` has a module for each. A
`Rule` is one record of a rule book made ready. A `Finding` is the effect of a rule on an attempt.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from services.outreach.compliance.answer import Disclosure, Effect
from services.outreach.compliance.conditions.condition import (
    MAYBE,
    NO,
    YES,
    Condition,
    KnownFacts,
    Test,
    Truth,
)
from services.outreach.compliance.conditions.language import compile_condition
from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.params import Params
from shared.errors import FieldError

ALLOW, DEFER, APPROVAL, BLOCK = 0, 1, 2, 3  # effects, the strictest last
EFFECTS: tuple[Effect, ...] = ("allow", "defer", "require_approval", "block")
STRENGTH: dict[str, int] = {name: number for number, name in enumerate(EFFECTS)}


# ── The attempt ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Guards:
    """Minutes kept clear at the edges of time windows, so that a queue can't carry a contact over
    them. They only narrow; 0 for a question, more at the instant of sending."""

    start_minutes: int = 0
    end_minutes: int = 0


NO_GUARDS = Guards()


@dataclass(eq=False)
class Attempt:
    """The contact of a question, attempted at an instant."""

    facts: Facts
    at: datetime
    guards: Guards


# ── The kind ────────────────────────────────────────────────────────────────────────────────────


class Stage(IntEnum):
    """The order of the explanation."""

    PERSON = 1  # what stops every contact with this person
    MEDIUM = 2
    FREQUENCY = 3
    TIME = 4
    CONTENT = 5
    DOCUMENTS = 6


@dataclass(frozen=True)
class RuleDraft:
    """A rule while it is made ready: its media, where its parameters stand in the book, and the
    faults found in them."""

    channels: frozenset[str] | None  # None: all
    pointer: str
    errors: list[FieldError]

    def fault(self, reason: str, member: str = "") -> None:
        self.errors.append(FieldError(f"{self.pointer}{member}", reason))

    def condition(self, raw: Any, member: str) -> Condition:
        return compile_condition(raw, f"{self.pointer}{member}", self.errors)


def never(_params: Any) -> bool:
    return False


def ever(_params: Any) -> bool:
    return True


def _no_plan(_params: Any, _draft: RuleDraft) -> None:
    return None


def _nothing(_params: Any) -> Sequence[Any]:
    return ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """All that the governor knows of one kind of rule.

    What is the same for every kind stands elsewhere: scope and conditions decide whether a rule
    binds (`rule_set`, `evaluation`), the strictest finding wins, and of several that defer the
    latest instant counts.
    """

    name: str
    params: type[Params]
    stage: Stage | Callable[[Any], Stage]

    # How a rule of this kind is made ready.
    prepare: Callable[[Any, RuleDraft], Any] = _no_plan  # parameters → plan, faults to the draft
    conditions: Callable[[Any], Iterable[Condition]] = _nothing  # those inside its plan
    by_debt: Callable[[Any], bool] = never  # whether what it finds may differ between debts
    by_clock: Callable[[Any], bool] = never  # whether it may change with the clock alone

    # How it decides. A finding that defers names an instant before which the rule surely goes on
    # to object: the search of the earliest lawful instant moves on by it. None: it does not bind.
    evaluate: "Evaluate | None" = None
    changes: "Changes | None" = (
        None  # instants other than midnights at which it may decide otherwise
    )

    # How it shows in the answer.
    named_when_satisfied: bool = False  # an `allow` names it
    named_when_lifted: bool = False  # also where its conditions do not hold
    named_when_open: Callable[[Any], bool] = never  # open where another of its kind defers
    is_guarded: bool = False  # the guards narrow it, and an answer that it decides says so
    texts: "Texts | None" = None  # what the message must carry
    evidence: "Evidence | None" = None  # what goes to the record of the contact
    evidence_of_sent: bool = False  # only if the contact is made

    # What it does to others.
    references: Callable[[Any], Sequence[str]] = _nothing  # rules that its parameters name
    extends: Callable[[Any, str], bool] | None = None  # whether it makes a rule of this id bind
    period: "Period | None" = None  # the period that runs from a notice, which facts ask for

    def stage_of(self, params: Any) -> Stage:
        return self.stage if isinstance(self.stage, Stage) else self.stage(params)


# ── The rule ────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Rule:
    """A record made ready. `plan` is what its kind made of its parameters."""

    id: str
    part: str | None
    kind: Kind
    stage: int
    jurisdictions: frozenset[str]
    binds_first: bool
    binds_third: bool
    consumer: bool
    commercial: bool
    channels: frozenset[str] | None  # None: all
    since: date | None
    until: date | None
    confidence: str
    sources: tuple[str, ...]
    citation: str
    note: str | None
    because: str | None
    speaks_for: frozenset[str]
    when: Condition | None
    unless: Condition | None
    params: Any
    plan: Any
    per_debt: bool  # whether what it finds may differ between debts
    timed: bool  # whether what it finds may change with the clock alone
    dated: bool  # whether when an instant comes that the question names
    conditional: bool  # whether its conditions are what changes
    via: tuple["Rule", ...] = ()  # the gates that extend it, the outermost first
    base: "Rule | None" = None  # the rule extended
    order: tuple[int, str, str] = field(init=False)
    applies: Test | None = field(init=False)  # its conditions and its gates'; None: it has none
    gates_apply: Test | None = field(init=False)  # the conditions of its gates alone
    lifted: "Finding | None" = field(init=False)  # its finding where its conditions do not hold

    def __post_init__(self) -> None:
        self.order = (self.stage, self.id, self.part or "")
        self.applies = _together((self, *self.via))
        self.gates_apply = _together(self.via)
        self.lifted = None
        if self.kind.named_when_lifted:
            about = self.because or (self.when.text if self.when is not None else "an exception")
            self.lifted = Finding(self, ALLOW, f"does not apply here: {about.partition(': ')[0]}")

    @property
    def is_unverified(self) -> bool:
        """Whether part of it was never read in a source."""
        return any(rule.confidence in "MG" for rule in (self, *self.via))


def _together(rules: Sequence[Rule]) -> Test | None:
    """One test of all their conditions: every `when` holds, and no `unless` does."""
    tests = [(each.when.test, NO) for each in rules if each.when is not None]
    tests += [(each.unless.test, YES) for each in rules if each.unless is not None]
    if not tests:
        return None
    if len(tests) == 1 and tests[0][1] == NO:
        return tests[0][0]

    def applies(known: KnownFacts, debt: int, at: datetime) -> Truth:
        truth = YES
        for test, against in tests:
            one = test(known, debt, at)
            if one == against:
                return NO
            if one == MAYBE:
                truth = MAYBE
        return truth

    return applies


# ── The finding ─────────────────────────────────────────────────────────────────────────────────

Because = str | Callable[[], str]


class Finding:
    """What a rule finds: its effect, and when it would allow (None: never, or not known)."""

    __slots__ = ("because", "effect", "missing", "role", "rule", "until")

    def __init__(
        self,
        rule: Rule,
        effect: int,
        because: Because,
        until: datetime | None = None,
        role: str | None = None,
        missing: Sequence[str] = (),
    ) -> None:
        self.rule = rule
        self.effect = effect
        self.because = because
        self.until = until
        self.role = role
        self.missing = missing

    @property
    def text(self) -> str:
        """In plain words; put together only when somebody reads them."""
        return self.because if isinstance(self.because, str) else self.because()


Evaluate = Callable[[Rule, Attempt, int], Finding | None]  # about a debt, by its place
Texts = Callable[[Rule, Attempt, int], Iterable[Disclosure]]
Evidence = Callable[[Rule, Attempt, int], dict[str, Any] | None]
# When the notice counts as received, and the last day of the period: a pair; None: no notice was
# sent, or no period runs from it; UNSET: not known.
Period = Callable[[Rule, Facts, int], Any]
Changes = Callable[[Rule, Facts, datetime, Guards], Iterator[datetime]]  # until an instant


def not_known(rule: Rule, fields: Sequence[str], role: str | None = None) -> Finding:
    """A person must find out first."""
    return Finding(rule, APPROVAL, unknown_text(fields), None, role or "compliance", fields)


def unknown_text(fields: Sequence[str]) -> str:
    names = " and ".join(dict.fromkeys(fields))
    return f"{names} {'is' if len(set(fields)) == 1 else 'are'} not known"


def exempt(rule: Rule, attempt: Attempt, *, inbound: str, reply: str) -> Finding | None:
    """Whether the debtor began: their own contact, or the one answer to it."""
    facts = attempt.facts
    if facts.inbound and inbound == "exempt":
        return Finding(rule, ALLOW, "the debtor made this contact")
    if reply == "exempt" and facts.asked_at is not None and facts.is_reply(attempt.at):
        text = f"one reply in the same medium ({facts.channel}) to the debtor"
        return Finding(rule, ALLOW, text)
    return None
