"""What is announced of write-offs and sales."""

from typing import Any

from services.ledger.domain.events import View, common
from services.ledger.domain.news import News
from services.ledger.domain.ranks import Turn
from services.ledger.domain.state import AccountState
from services.ledger.domain.write_offs import WriteOff
from shared.events import ledger

_MADE = ("made", "sold")
_FIRST = -1  # it is announced before what ends by it


def made_news(view: View, known: WriteOff, *, is_new: bool) -> list[News]:
    made_at = next(step.at for step in reversed(known.history) if step.state in _MADE)
    news = News(
        "account-written-off",
        known.write_off_id,
        f"{_lying(view.state, known)} {known.amount_minor}, {view.cause}",
        made_at,
        written_off_event(view, known),
        is_new,
        _FIRST,
        carries=(("write_off", known.write_off_id),),
    )
    return [news, sold_news(view, known, is_new=is_new)] if known.kind == "sold" else [news]


def written_off_event(view: View, known: WriteOff) -> ledger.AccountWrittenOff:
    return ledger.AccountWrittenOff(
        **_of(view, known),
        write_off_id=known.write_off_id,
        kind=known.kind,
        amount_minor=known.amount_minor,
        charges_minor=known.charges_minor,
        allocations=view.history([("write_off", known.write_off_id)]),
    )


def sold_news(view: View, known: WriteOff, *, is_new: bool) -> News:
    """A sale is handed over too: to its buyer."""
    assert known.data is not None
    data = ledger.AccountPlaced(
        **_of(view, known),
        placement_id=known.write_off_id,
        kind="sale",
        to=known.data.to or "",
        placed_minor=known.amount_minor,
        invoices=tuple([ledger.PlacedInvoice(each, minor) for each, minor in known.parts]),
        price_minor=known.data.price_minor,
    )
    at = next(step.at for step in reversed(known.history) if step.state in _MADE)
    cause = f"sold {known.amount_minor}, {view.cause}"
    return News("account-placed", known.write_off_id, cause, at, data, is_new, _FIRST)


def _lying(state: AccountState, known: WriteOff) -> int:
    credit = state.credits.get(("write_off", known.write_off_id))
    return credit.amount_minor if credit is not None else 0


def _of(view: View, known: WriteOff) -> dict[str, Any]:
    whose = common(view, known.data) if known.data is not None else {}
    return {
        **whose,
        "account_id": view.state.account_id,
        "currency": known.currency,
        "invoice_ids": known.invoice_ids or None,
        "amounts": (view.amounts(known.currency),),
    }


def reversed_news(view: View, known: WriteOff, *, is_restated: bool) -> list[News]:
    """Of a sale: the buyer has returned it."""
    because = "restated" if is_restated else known.history[-1].because
    at = view.at if is_restated else known.history[-1].at
    name, figures = known.write_off_id, _of(view, known)
    reversed_ = ledger.WriteOffReversed(
        **figures,
        write_off_id=name,
        because=because,
        allocations=view.history([("write_off", name)]),
    )
    turn = Turn.OTHER
    found = [
        News(
            "write-off-reversed",
            name,
            view.cause,
            at,
            reversed_,
            is_new=False,
            turn=turn,
            carries=(("write_off", name),),
        )
    ]
    if known.kind == "sold":
        returned = ledger.AccountRecalled(
            **figures,
            placement_id=name,
            because="returned",
            to=known.data.to if known.data is not None else None,
            invoices=tuple([ledger.PlacedInvoice(each, minor) for each, minor in known.parts]),
        )
        found.append(
            News("account-recalled", name, view.cause, at, returned, is_new=False, turn=turn)
        )
    return found
