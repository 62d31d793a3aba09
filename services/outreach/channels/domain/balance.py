"""Whether the amounts of a message add up: nobody is asked for a sum that its lines don't make."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from services.outreach.channels.domain.message_values import (
    Line,
    LinePart,
    MessageContent,
    Total,
)


def imbalances(
    content: MessageContent, collectable: Mapping[str, int] | None = None
) -> tuple[str, ...]:
    """What does not add up: parts to lines, lines less unapplied money to totals; and, where it is
    known (minor units by currency), what is past due to what the ledger says is collectable."""
    return tuple(_imbalances(content, collectable))


def _imbalances(content: MessageContent, collectable: Mapping[str, int] | None) -> Iterator[str]:
    sections = (
        content.overdue, content.upcoming, content.promises, content.instalments,
        content.settlements,
    )  # fmt: skip
    for line in (line for lines in sections for line in lines):
        if line.parts and not _adds_up(line):
            yield f"the parts of {line.subject_id} do not make its amount"
    yield from _of_totals("past due", content.overdue, content.charges, content.overdue_totals)
    yield from _of_totals("upcoming", content.upcoming, (), content.upcoming_totals)
    if collectable is not None:
        asked = {total.currency: total.asked_minor for total in content.overdue_totals}
        for currency in sorted(asked.keys() | collectable.keys()):
            if asked.get(currency, 0) != collectable.get(currency, 0):
                yield f"what is asked for in {currency} is not what is collectable"


def _adds_up(line: Line) -> bool:
    return sum(part.amount_minor for part in line.parts) == line.amount_minor and all(
        part.currency == line.currency for part in line.parts
    )


def _of_totals(
    section: str, lines: Iterable[Line], charges: Iterable[LinePart], totals: Iterable[Total]
) -> Iterator[str]:
    listed: Counter[str] = Counter()
    for line in lines:
        listed[line.currency] += line.amount_minor
    for charge in charges:
        listed[charge.currency] += charge.amount_minor
    seen: set[str] = set()
    for total in totals:
        made = listed[total.currency] + total.unlisted_minor
        if total.currency in seen or made != total.open_minor:
            yield f"the lines {section} in {total.currency} do not make what is open"
        if total.open_minor - total.unapplied_minor != total.asked_minor or total.asked_minor < 0:
            yield f"what is {section} in {total.currency} less what is on account is not the total"
        seen.add(total.currency)
    for currency in sorted(listed.keys() - seen):
        yield f"what is {section} in {currency} has no total"
