"""The governor's word on a contact of ours: ask it, and keep what it said."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct

from services.outreach.compliance import (
    Answer,
    Guards,
    evaluate,
    read_question,
)
from services.outreach.rulebooks.domain import InForce
from shared.errors import Invalid

# A message takes a while to leave: none is begun in the first and last minutes of a window.
GUARDS = Guards(start_minutes=1, end_minutes=5)
UNREADABLE = "SYS-MISSING"  # what is known of the debtor cannot be put as a question
COMPLIANCE = "compliance"  # who decides where no rule names a role

Effect = Literal["allow", "defer", "require_approval", "block"]


class Decided(Struct, frozen=True, omit_defaults=True):
    """A rule that had a say, and what came of it."""

    rule: str
    effect: Effect
    until: datetime | None
    citation: str | None = None
    because: str | None = None
    role: str | None = None


class Owed(Struct, frozen=True):
    """A text that the message must carry, and the rule that says so."""

    rule: str
    text_id: str


class Ruling(Struct, frozen=True, omit_defaults=True):
    """What was decided of a contact by the rules, as it is kept with the contact."""

    verdict: Effect
    at: datetime
    decided_by: tuple[Decided, ...] = ()
    until: datetime | None = None
    role: str | None = None
    disclosures: tuple[Owed, ...] = ()
    rulebook_version: str | None = None
    unverified: bool = False

    @property
    def text_ids(self) -> tuple[str, ...]:
        """The texts to be said, each once, in order."""
        return tuple(dict.fromkeys(owed.text_id for owed in self.disclosures))

    @property
    def leading(self) -> Decided | None:
        """The rule under which it is told."""
        return self.decided_by[0] if self.decided_by else None


@dataclass(frozen=True)
class Judged:
    """A ruling, with the question that it answers."""

    ruling: Ruling
    question: bytes


def judge(asked: dict[str, Any], standing: InForce, at: datetime) -> Judged:
    """Ask about one contact. What cannot be put as a question is for a person to look at."""
    text = msgspec.json.encode({**asked, "packs": standing.packs})
    try:
        answer = evaluate(read_question(text), standing.books, guards=GUARDS)
    except Invalid as error:
        why = "; ".join(f"{e.pointer} {e.detail}" for e in error.errors) or error.detail
        return Judged(_unreadable(at, why), text)
    return Judged(ruling_of(answer, at), text)


def _unreadable(at: datetime, why: str) -> Ruling:
    decided = Decided(
        UNREADABLE, "require_approval", None, because=f"not known well enough: {why}",
        role=COMPLIANCE,
    )  # fmt: skip
    return Ruling("require_approval", at, (decided,), role=COMPLIANCE)


def ruling_of(answer: Answer, at: datetime) -> Ruling:
    """What is kept of an answer."""
    return Ruling(
        verdict=answer.verdict,
        at=at.astimezone(UTC),
        decided_by=tuple(
            Decided(
                rule=each.rule,
                effect=each.effect,
                until=_known(each.until),
                citation=_known(each.citation),
                because=each.because,
                role=_known(each.role),
            )
            for each in answer.decided_by
        ),
        until=_known(answer.until),
        role=_known(answer.role),
        disclosures=tuple(Owed(d.rule, d.text_id) for d in answer.disclosures),
        rulebook_version=answer.rulebook_version,
        unverified=answer.unverified,
    )


def _known(value: Any) -> Any:
    return None if value is UNSET else value
