"""What follows a conversation with the right party within 7 days, by who held it.

measure (day of the conversation): count
- `disputed_after`: 1 if a dispute was opened after it
- `revoked_after`: 1 if a consent was revoked after it
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from services.metrics.domain.account_measures import AccountMeasure, CellsOfItem
from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.cells import add
from services.metrics.domain.debts import Disputed
from services.metrics.domain.kinds.consents import Revoked
from services.metrics.domain.kinds.contacts import last_of
from services.metrics.domain.kinds.parties import parties_of
from services.metrics.domain.kinds.tasks import Done
from services.metrics.domain.slots import bounded
from services.metrics.domain.views import View

AFTER_DAYS = 7


class _Talk(NamedTuple):
    of: ItemKey
    at: datetime
    day: Any
    collector: str


def adds(known: Known, view: View, cells_of: CellsOfItem) -> None:
    talks = [talk for kind in _KINDS for talk in known.read(kind, "talk", _read_talk)]
    if not talks:
        return
    after = {
        "disputed_after": list(_each(known, "invoice", Disputed)),
        "revoked_after": list(_each(known, "consent", Revoked)),
    }
    for talk in talks:
        last_day = bounded(talk.day) + timedelta(days=AFTER_DAYS)
        for measure, facts in after.items():
            if any(fact.at > talk.at and bounded(fact.day) <= last_day for fact in facts):
                place = view.place_at(talk.at)
                cell = view.cell(measure, "", bounded(talk.day), place, collector=talk.collector)
                add(cells_of(talk.of), cell, 0, 1)


def _each(known: Known, kind: str, of: type[Any]) -> Iterator[Any]:
    def read(_: ItemKey, facts: Sequence[Any]) -> tuple[Any, ...] | None:
        return tuple(fact for fact in facts if isinstance(fact, of)) or None

    for found in known.read(kind, of.__name__, read):
        yield from found


_KINDS = ("contact", "task", "party")


def _read_talk(key: ItemKey, facts: Sequence[Any]) -> _Talk | None:
    """With the right party, as it was announced last."""
    right = [party for party in parties_of(facts) if party.is_right]
    if not right:
        return None
    collector = right[-1].collector
    if not collector and key[0] == "contact":
        last = last_of(facts)
        collector = last.collector if last else ""
    elif not collector and key[0] == "task":
        done = next((fact for fact in reversed(facts) if isinstance(fact, Done)), None)
        collector = done.collector if done else ""
    return _Talk(key, right[-1].at, right[-1].day, collector)


MEASURE = AccountMeasure(
    frozenset({*_KINDS, "invoice", "consent"}),
    frozenset({"disputed_after", "revoked_after"}),
    adds,
)
