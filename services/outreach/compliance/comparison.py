"""Two rule sets over the same questions: which verdicts change, and because of which rule.

This is the dry run before a book is activated: over the contacts of the past, each asked at its own
instant.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.outreach.compliance.answer import Answer, Effect
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.rule_set import RuleSet
from services.outreach.compliance.verdict import evaluate


@dataclass(frozen=True)
class AnswerChange:
    """A question that is answered otherwise."""

    index: int  # its place among the questions
    before: Answer
    after: Answer

    @property
    def because(self) -> str:
        """The rule that makes the difference, in words."""
        if _rank(self.after) >= _rank(self.before):
            known = {each.rule for each in self.before.decided_by}
            new = [each for each in self.after.decided_by if each.rule not in known]
            new = new or self.after.decided_by
            return f"{new[0].rule}: {new[0].because}" if new else "no rule objects any more"
        known = {each.rule for each in self.after.decided_by if each.effect == self.before.verdict}
        gone = [each for each in self.before.decided_by if each.rule not in known]
        names = " and ".join(each.rule for each in gone or self.before.decided_by)
        return f"{names} no longer stands against it"


@dataclass(frozen=True)
class Comparison:
    """What another rule set would change."""

    asked: int
    changes: tuple[AnswerChange, ...]
    moves: Counter[tuple[Effect, Effect]] = field(default_factory=Counter)  # verdict → verdict

    @property
    def stricter(self) -> int:
        return sum(1 for each in self.changes if _rank(each.after) > _rank(each.before))

    @property
    def laxer(self) -> int:
        return sum(1 for each in self.changes if _rank(each.after) < _rank(each.before))


def compare(questions: Iterable[Question], before: RuleSet, after: RuleSet) -> Comparison:
    """Answer every question under both; a change is another verdict or another instant."""
    changes = []
    asked = 0
    moves: Counter[tuple[Effect, Effect]] = Counter()
    for index, question in enumerate(questions):
        asked += 1
        old, new = evaluate(question, before), evaluate(question, after)
        if (old.verdict, old.until) != (new.verdict, new.until):
            changes.append(AnswerChange(index, old, new))
            moves[old.verdict, new.verdict] += 1
    return Comparison(asked, tuple(changes), moves)


_ORDER: tuple[Effect, ...] = ("allow", "defer", "require_approval", "block")


def _rank(answer: Answer) -> tuple[int, float]:
    until = answer.until.timestamp() if answer.verdict == "defer" and answer.until else 0.0
    return _ORDER.index(answer.verdict), until
