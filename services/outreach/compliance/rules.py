"""A compiled rule, the case it judges, and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.outreach.compliance.answer import Effect
from services.outreach.compliance.conditions import (
    MAYBE,
    NO,
    YES,
    Condition,
    Known,
    Test,
    Truth,
)
from services.outreach.compliance.facts import Facts

ALLOW, DEFER, APPROVAL, BLOCK = 0, 1, 2, 3  # effects, the strictest last
EFFECTS: tuple[Effect, ...] = ("allow", "defer", "require_approval", "block")
STRENGTH: dict[str, int] = {name: number for number, name in enumerate(EFFECTS)}


@dataclass(frozen=True)
class Guards:
    """Minutes kept clear at the edges of time windows, so that a queue can't carry a contact over
    them. They only narrow; 0 for a question, more at the instant of sending."""

    start_minutes: int = 0
    end_minutes: int = 0


@dataclass(eq=False)
class Rule:
    """A record made ready. `plan` is what its kind made of its parameters."""

    id: str
    part: str | None
    kind: str
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
    held: Test | None = field(init=False)  # its conditions and those of its gates; None: none
    opened: Test | None = field(init=False)  # the conditions of its gates alone
    clear: "Finding | None" = field(init=False)  # what a bar says that isn't up

    def __post_init__(self) -> None:
        self.order = (self.stage, self.id, self.part or "")
        self.held = _together((self, *self.via))
        self.opened = _together(self.via)
        self.clear = None
        if self.kind == "bar":
            about = self.because or (self.when.text if self.when is not None else "an exception")
            self.clear = Finding(self, ALLOW, f"does not apply here: {about.partition(': ')[0]}")

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

    def held(known: Known, debt: int, at: datetime) -> Truth:
        truth = YES
        for test, against in tests:
            one = test(known, debt, at)
            if one == against:
                return NO
            if one == MAYBE:
                truth = MAYBE
        return truth

    return held


@dataclass(eq=False)
class Case:
    """A question at an instant, as rules judge it."""

    facts: Facts
    at: datetime
    guards: Guards


Because = str | Callable[[], str]


class Finding:
    """What a rule says: its effect, and from when on it would allow (None: never, or not known)."""

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


def not_known(rule: Rule, fields: Sequence[str], role: str | None = None) -> Finding:
    """A person must find out first."""
    return Finding(rule, APPROVAL, unknown_text(fields), None, role or "compliance", fields)


def unknown_text(fields: Sequence[str]) -> str:
    names = " and ".join(dict.fromkeys(fields))
    return f"{names} {'is' if len(set(fields)) == 1 else 'are'} not known"


def exempt(rule: Rule, case: Case, *, inbound: str, reply: str) -> Finding | None:
    """Whether the debtor began: their own contact, or the one answer to it."""
    facts = case.facts
    if facts.inbound and inbound == "exempt":
        return Finding(rule, ALLOW, "the debtor made this contact")
    if reply == "exempt" and facts.asked_at is not None and facts.is_reply(case.at):
        text = f"one reply in the same medium ({facts.channel}) to the debtor"
        return Finding(rule, ALLOW, text)
    return None
