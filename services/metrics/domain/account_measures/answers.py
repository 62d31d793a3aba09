"""What accounts answer to contacts that stand under others of the same debtor.

measure (day): count
- `answered`, `reached` (the attempt's day): 1, where only an answer of another account makes it so
- `right_party`, `promised`: as in `kinds/parties.py`, of contacts that stand under other accounts
"""

from collections.abc import Sequence
from typing import Any

from services.metrics.domain.account_measures import AccountMeasure, CellsOfItem
from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.crossings import contact_of
from services.metrics.domain.kinds.contacts import (
    Occurred,
    add_contact,
    answers_to,
    attempt_of,
    last_of,
)
from services.metrics.domain.kinds.parties import Party, add_right_party
from services.metrics.domain.views import View

Facts = Sequence[Any]


def adds(known: Known, view: View, cells_of: CellsOfItem) -> None:
    _add_own(cells_of, known, view)
    _add_of_others(cells_of, known, view)


def _add_own(cells_of: CellsOfItem, known: Known, view: View) -> None:
    """Our contacts that another account has answered."""
    answers: dict[str, list[Any]] = {}
    for (_, item_id), facts in known.of_kind("answer"):
        answers.setdefault(contact_of(item_id), []).extend(facts)
    if not answers:
        return
    for (_, contact_id), facts in known.of_kind("contact"):
        attempt = attempt_of(facts) if contact_id in answers else None
        if attempt is not None:
            alone = answers_to(attempt, facts)
            for measure in answers_to(attempt, [*facts, *answers[contact_id]]):
                if measure not in alone:
                    add_contact(cells_of(("contact", contact_id)), view, attempt, measure)


def _add_of_others(cells_of: CellsOfItem, known: Known, view: View) -> None:
    """With whom we spoke in a contact that stands under another account."""
    spoken = dict(known.read("contact", "of others", _read_of_others))
    if not spoken:
        return
    covers = {key[1]: last_of(facts) for key, facts in known.of_kind("cover") if key[1] in spoken}
    for contact_id, facts in spoken.items():
        cover = covers.get(contact_id)
        held = (cover.channel, cover.strategy, cover.collector) if cover else ("", "", "")
        add_right_party(cells_of(("contact", contact_id)), view, facts, *held)


def _read_of_others(key: ItemKey, facts: Facts) -> tuple[str, Facts] | None:
    if isinstance(facts[0], Occurred):
        return None
    parties = [fact for fact in facts if isinstance(fact, Party)]
    return (key[1], parties) if parties else None


MEASURE = AccountMeasure(
    frozenset({"contact", "cover", "answer"}),
    frozenset({"answered", "reached", "right_party", "promised"}),
    adds,
)
