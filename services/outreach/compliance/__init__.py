"""The contact governor: may this contact be made, and if not, when, who says so and why.

A pure function of a question and of rule books: no database, no clock, no settings. Laws are data
(`books`), their kinds are code (`kinds`); `verdict` asks every rule that binds.
"""

from services.outreach.compliance.answer import Answer
from services.outreach.compliance.books import RuleBook, read_book, schema
from services.outreach.compliance.comparing import Comparison, compare
from services.outreach.compliance.library import Books
from services.outreach.compliance.question import Question, read_question
from services.outreach.compliance.rules import Guards
from services.outreach.compliance.timeline import Stretch, timeline
from services.outreach.compliance.verdict import evaluate

__all__ = [
    "Answer",
    "Books",
    "Comparison",
    "Guards",
    "Question",
    "RuleBook",
    "Stretch",
    "compare",
    "evaluate",
    "read_book",
    "read_question",
    "schema",
    "timeline",
]
