"""x"""

from services.outreach.compliance.answer import Answer
from services.outreach.compliance.books.editor_schema import schema
from services.outreach.compliance.books.rule_book import RuleBook, read_book
from services.outreach.compliance.comparison import AnswerChange, Comparison, compare
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.question.reader import read_question
from services.outreach.compliance.rule import Guards
from services.outreach.compliance.rule_set import RuleSet
from services.outreach.compliance.timeline import Stretch, timeline
from services.outreach.compliance.verdict import evaluate

__all__ = [
    "Answer",
    "AnswerChange",
    "Comparison",
    "Guards",
    "Question",
    "RuleBook",
    "RuleSet",
    "Stretch",
    "compare",
    "evaluate",
    "read_book",
    "read_question",
    "schema",
    "timeline",
]
