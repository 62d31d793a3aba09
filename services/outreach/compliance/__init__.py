"""The contact governor: may this contact be made, and if not, when, because of which law, and why?
A pure function of a question and of rule books: no database, no clock, no settings.

`question/`    who, where, which debt, by which medium, and what went before
`facts/`       what the question says, by name: a value, none, or not known; places, days, history
`conditions/`  tests of facts in three-valued logic: what a rule's `when` and `unless` say
`books/`       rule books: law as data, read from YAML, checked, compiled into rules
`kinds/`       what a rule of each kind does: its parameters, effect, earliest instant, words
`rule_set`     the books in force together; which rules bind a party, a medium, a place, a day
`evaluation`   asks every rule that binds; searches the first instant that all of them allow
`verdict`      the strictest finding wins; with its explanation, texts and evidence: the `Answer`

Read `evaluate` in `verdict.py`, then `rule.py` (`Kind`, `Rule`, `Finding`) and one kind, such as
`kinds/cooling_off.py`; how a book is written is in docs/rule-books.md. Others import from here.
"""

from services.outreach.compliance.answer import Answer, RuleEffect
from services.outreach.compliance.books.editor_schema import schema
from services.outreach.compliance.books.rule_book import RuleBook, digest_of, read_book
from services.outreach.compliance.comparison import AnswerChange, Comparison, compare
from services.outreach.compliance.facts.situation import Situation
from services.outreach.compliance.kinds.interest import ReferenceTable, reference_tables
from services.outreach.compliance.question.question import Question, ReferenceRate
from services.outreach.compliance.question.reader import (
    FIRST_YEAR,
    LAST_YEAR,
    check_size,
    read_question,
)
from services.outreach.compliance.rule import Guards
from services.outreach.compliance.rule_set import TZDATA_VERSION, RuleSet
from services.outreach.compliance.timeline import Stretch, timeline
from services.outreach.compliance.verdict import evaluate

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "TZDATA_VERSION",
    "Answer",
    "AnswerChange",
    "Comparison",
    "Guards",
    "Question",
    "ReferenceRate",
    "ReferenceTable",
    "RuleBook",
    "RuleEffect",
    "RuleSet",
    "Situation",
    "Stretch",
    "check_size",
    "compare",
    "digest_of",
    "evaluate",
    "read_book",
    "read_question",
    "reference_tables",
    "schema",
    "timeline",
]
