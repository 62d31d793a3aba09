"""What the contact governor decides of a contact of ours, as it is kept with the contact."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from services.outreach.compliance import (
    Answer,
    Guards,
    RuleEffect,
    RuleSet,
    evaluate,
    read_question,
)
from shared.errors import Invalid

# A message takes a while to leave: none is begun in the first and last minutes of a window.
GUARDS = Guards(start_minutes=1, end_minutes=5)
UNREADABLE = "SYS-MISSING"  # what is known of the debtor cannot be put as a question
COMPLIANCE = "compliance"  # who decides where no rule names a role

Effect = Literal["allow", "defer", "require_approval", "block"]


class Reason(Struct, frozen=True, omit_defaults=True):
    """A rule that took part in the decision, and what came of it."""

    rule: str
    effect: Effect
    until: datetime | None
    citation: str | None = None
    because: str | None = None
    role: str | None = None


class RequiredText(Struct, frozen=True):
    """A text that the message must carry, and the rule that requires it."""

    rule: str
    text_id: str


class Decision(Struct, frozen=True, omit_defaults=True):
    """What was decided of a contact by the rules, as it is kept with the contact."""

    verdict: Effect
    at: datetime
    decided_by: tuple[Reason, ...] = ()
    until: datetime | None = None
    role: str | None = None
    disclosures: tuple[RequiredText, ...] = ()
    rulebook_version: str | None = None
    unverified: bool = False
    also: tuple[Reason, ...] = ()  # those that would defer it, where a person decides

    def with_approved(self, rules: frozenset[str]) -> "Decision":
        """The decision where a person has let these rules pass: what defers besides still holds."""
        if self.verdict != "require_approval" or not {r.rule for r in self.decided_by} <= rules:
            return self
        later = [reason for reason in self.also if reason.until is not None]
        until = max((r.until for r in later if r.until is not None), default=None)
        if until is None:
            return replace(self, verdict="allow", until=None)
        return replace(self, verdict="defer", decided_by=tuple(later), until=until)

    @property
    def text_ids(self) -> tuple[str, ...]:
        """The texts to be written, each once, in order."""
        return tuple(dict.fromkeys(text.text_id for text in self.disclosures))

    @property
    def is_refusal(self) -> bool:
        """Whether the contact is forbidden, or left to a person."""
        return self.verdict in ("block", "require_approval")

    @property
    def leading(self) -> Reason | None:
        """The rule under which it is announced."""
        return self.decided_by[0] if self.decided_by else None


@dataclass(frozen=True)
class RecordedDecision:
    """A decision, with the question that it answers."""

    decision: Decision
    question: bytes


@dataclass(frozen=True)
class Judgement:
    """What was asked about a contact when it was decided."""

    contact_id: str
    account_id: str
    at: datetime
    question: bytes


def decide(
    asked: dict[str, Any], rules: RuleSet, packs: tuple[str, ...], at: datetime
) -> RecordedDecision:
    """Ask about one contact. What cannot be put as a question is for a person to look at."""
    text = msgspec.json.encode({**asked, "packs": packs})
    try:
        answer = evaluate(read_question(text), rules, guards=GUARDS)
    except Invalid as error:
        why = "; ".join(f"{e.pointer} {e.detail}" for e in error.errors) or error.detail
        return RecordedDecision(_unreadable(at, why), text)
    return RecordedDecision(decision_of(answer, at), text)


def _unreadable(at: datetime, why: str) -> Decision:
    reason = Reason(
        UNREADABLE, "require_approval", None, because=f"not known well enough: {why}",
        role=COMPLIANCE,
    )  # fmt: skip
    return Decision("require_approval", at, (reason,), role=COMPLIANCE)


def decision_of(answer: Answer, at: datetime) -> Decision:
    """What is kept of an answer."""
    return Decision(
        verdict=answer.verdict,
        at=at.astimezone(UTC),
        decided_by=tuple(_reason(each) for each in answer.decided_by),
        until=_known(answer.until),
        role=_known(answer.role),
        disclosures=tuple(RequiredText(d.rule, d.text_id) for d in answer.disclosures),
        rulebook_version=answer.rulebook_version,
        unverified=answer.unverified,
        also=tuple(_reason(each) for each in answer.also if each.effect == "defer")
        if answer.verdict == "require_approval"
        else (),
    )


def _reason(each: RuleEffect) -> Reason:
    return Reason(
        rule=each.rule,
        effect=each.effect,
        until=_known(each.until),
        citation=_known(each.citation),
        because=each.because,
        role=_known(each.role),
    )


def _known(value: Any) -> Any:
    return None if value is UNSET else value
