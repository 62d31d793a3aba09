"""Charges: fees, costs and interest, what was waived of them, and the money on them.

measure (day): amount
- `charges` (charged, waived, paid): change of what is open of charges
- `credit`: what credit notes put on a charge is unapplied no longer
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.puts import Allocated, allocate
from services.metrics.domain.slots import FIRST_DAY, bounded, recorded_slot
from services.metrics.domain.stocks import add_stock
from services.metrics.domain.views import View
from shared.events import Received, ledger


class Charged(Struct, frozen=True, array_like=True, tag="f"):
    """A fee, a cost or interest as it was announced last. The newest counts."""

    recorded_slot: int
    currency: str
    moves: tuple[tuple[date, int], ...]  # what was charged, and (below 0) taken back or waived


def on_charge(
    items: AccountItems,
    event: Received,
    data: ledger.FeeCharged | ledger.InterestCharged | ledger.ChargeWaived,
) -> None:
    facts = items.item("charge", data.charge_id).facts
    moves = [(posting.on, posting.amount_minor) for posting in data.posted]
    moves += [(waiver.on, -waiver.amount_minor) for waiver in data.waivers]
    assert data.currency is not None, "a charge has a currency"
    facts.append(Charged(recorded_slot(facts, event), data.currency, tuple(moves)))
    if isinstance(data, ledger.ChargeWaived):
        allocate(items, event, data.allocations)


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What is open of a charge, and what lies on it."""
    cells: Cells = {}
    charged: Charged | None = None
    sources: dict[tuple[bool, str, str], Allocated] = {}
    for fact in facts:
        if isinstance(fact, Charged):
            charged = fact
        elif isinstance(fact, Allocated):
            sources[fact.source] = fact
    if charged is None:
        return cells
    changes: dict[date, int] = {}
    credit: dict[date, int] = {}
    for day, amount in charged.moves:
        _change(changes, bounded(day), amount)
    for source in sources.values():
        for put in source.puts:
            for day, _, amount in put.moves(FIRST_DAY):
                for moved in (changes, credit) if source.is_credit else (changes,):
                    _change(moved, day, -amount)
    add_stock(cells, view, "charges", charged.currency, changes)
    add_stock(cells, view, "credit", charged.currency, credit)
    return cells


def _change(changes: dict[date, int], day: date, amount: int) -> None:
    changes[day] = changes.get(day, 0) + amount


KIND = Kind(
    name="charge",
    facts=(Charged, Allocated),
    handlers=dict.fromkeys(
        ("fee-charged", "interest-charged", "charge-waived"), Handler(on_charge)
    ),
    cells=cells_of,
    measures=frozenset({"charges", "credit"}),
)
