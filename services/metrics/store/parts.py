"""What a question reads: the cells that were known, of the part of the book that it asks for.

Within an experiment, what an account adds in an arm comes from the cells cut by it; all that is not
in an arm is the whole without those.
"""

from collections.abc import Collection, Sequence
from typing import Any

from services.metrics.domain.figures import Key
from services.metrics.domain.questions import Question
from services.metrics.domain.slots import UNTIL_NOW
from services.metrics.store import sources

_DIMENSIONS = ("segment", "country", "kind", "channel", "strategy", "collector", "arm")
CURRENCY = "currency"
_VALUES = ("amount", "count", "weight")


class Arguments(list[Any]):
    """The values of a statement, each named by its place."""

    def name(self, value: Any) -> str:
        self.append(value)
        return f"${len(self)}"


def is_apart(
    question: Question, currency: str | None, without: Collection[str] = frozenset()
) -> bool:
    """Whether currencies make groups."""
    return (
        question.kpi.is_money
        and CURRENCY not in without
        and (currency is None or question.is_converted or question.splits_by("currency"))
    )


def key_columns(
    question: Question, currency: str | None, without: Collection[str] = frozenset()
) -> list[str]:
    """What the rows of an answer are grouped by, in the order of `key_of`; `without`: dimensions
    that what is read has not."""

    def column(name: str) -> str:
        return name if question.splits_by(name) and name not in without else "''"

    return [
        CURRENCY if is_apart(question, currency, without) else "''",
        *(column(name) for name in _DIMENSIONS),
    ]


KEY_COLUMNS = len(_DIMENSIONS) + 1


def key_of(columns: Sequence[str]) -> Key:
    """The key of a row whose first columns are those of `key_columns`."""
    currency, *dimensions = columns
    return Key(currency, *dimensions)


def conditions(
    question: Question, args: Arguments, marks: Collection[str] = (), table: str = ""
) -> str:
    """The question's filters but some: those that are no columns, or that do not count."""
    return "".join(
        f" and {table}{name} = any({args.name(list(values))}::text[])"
        for name, values in question.filters.items()
        if name not in marks
    )


def _is_fine(question: Question) -> bool:
    """Whether the question looks at countries or kinds: their sums are kept apart."""
    return not {"country", "kind"}.isdisjoint((*question.group_by, *question.filters))


def uses_arms(question: Question) -> bool:
    return question.splits_by("arm") or "arm" in question.filters


def cells(
    scope: tuple[str, int],
    question: Question,
    currency: str | None,
    where: str,
    args: Arguments,
    *,
    since_month: str = "",
) -> str:
    """The cells known of a tenant, as a table with `arm` instead of `cut`; without a currency,
    those of all. `since_month`: see `sources.cells`."""
    tenant, known = args.name(scope[0]), args.name(scope[1])
    if question.kpi.is_money and currency is not None:
        where += f" and currency = {args.name(currency)}"

    def read(arm: str, sign: str, cut: str) -> str:
        values = ", ".join(f"{sign}{name} as {name}" for name in _VALUES)
        found = sources.cells(
            tenant=tenant,
            known=known,
            where=f"{where} and {cut}",
            is_as_of=scope[1] != UNTIL_NOW,
            is_fine=_is_fine(question),
            since_month=since_month,
        )
        return (
            "select measure, currency, day, until_on, mark, segment, country, kind, channel, "
            f"strategy, collector, {arm} as arm, {values} from ({found}) found"
        )

    whole = read("''", "", "cut = ''")
    if not uses_arms(question):
        return f"({whole}) cells"
    prefix = args.name(f"{question.experiment}/")
    is_cut = f"starts_with(cut, {prefix}::text)"
    arm = f"substr(cut, length({prefix}::text) + 1)"
    inside, outside = read(arm, "", is_cut), read("''", "-", is_cut)
    return f"({whole} union all {inside} union all {outside}) cells"
