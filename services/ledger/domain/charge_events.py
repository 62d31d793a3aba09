"""The events of charges: each shows the whole charge, and readers replace it by its id."""

from datetime import date, datetime
from typing import Any, Literal

from services.ledger.domain.accruals import accrual_of, cut
from services.ledger.domain.charges import Charge, Posted, Waived
from services.ledger.domain.credits import CreditKey
from services.ledger.domain.events import View
from services.ledger.domain.interest import Segment
from services.ledger.domain.news import News
from services.ledger.domain.ranks import Turn
from services.ledger.domain.rates import percent_text
from services.ledger.domain.state import AccountState
from shared.clock import day_start
from shared.events import ledger

_WaivedBecause = Literal["waived", "restated", "voided", "settled", "written-off"]
_CORRECTED_FIRST = -100  # among what is corrected
_ORDER = {"interest": 1, "cost": 2, "fee": 3}


def charge_news(view: View, before: Charge | None, after: Charge | None) -> list[News]:
    """That a charge was made, has grown or shrunk, or was waived."""
    shown = after or before
    assert shown is not None
    was = before.amount_minor if before is not None else 0
    now = after.amount_minor if after is not None else 0
    if before is not None and after is not None:
        if (before.posted, before.waived) == (after.posted, after.waived):
            return []
    elif before is None and not now:
        return []  # it came and was taken back
    since, at = _since(view, before, after)
    fresh = _new_waiver(before, after)
    if now < was or fresh is not None:
        because: _WaivedBecause = "restated"
        if fresh is not None:
            because = fresh.because
        elif after is not None and after.is_void:
            because = "voided"
        moved = _moved(view, before, after)
        data: Any = ledger.ChargeWaived(
            **_whole(view, before, after), because=because, allocations=view.history(moved)
        )
        return [
            News(
                "charge-waived",
                shown.charge_id,
                view.cause,
                at,
                data,
                is_new=False,
                turn=_CORRECTED_FIRST,
                day=since,
                carries=tuple(moved),
            )
        ]
    cause = view.cause if before is not None and not _continues(before, after) else None
    kind = ledger.InterestCharged if shown.kind == "interest" else ledger.FeeCharged
    type_ = "interest-charged" if shown.kind == "interest" else "fee-charged"
    data = kind(**_whole(view, before, after), because=cause)
    return [News(type_, shown.charge_id, view.cause, at, data, turn=Turn.CHARGE, day=since)]


def _continues(before: Charge, after: Charge | None) -> bool:
    """Whether what was posted stands, and more was posted since."""
    return after is not None and after.posted[: len(before.posted)] == before.posted


def _new_waiver(before: Charge | None, after: Charge | None) -> Waived | None:
    """A waiver that stands now and did not stand, or not so."""
    if after is None:
        return None
    known = before.waivers if before is not None else {}
    standing = after.waivers
    for entry in after.waived:
        name = entry.waiver_id
        if entry.amount_minor > 0 and name in standing and known.get(name) != standing[name]:
            return entry
    return None


def _since(view: View, before: Charge | None, after: Charge | None) -> tuple[date, datetime]:
    """The day of the earliest posting or waiver that is different, and its instant."""
    different = [*_different(before, after, "posted"), *_different(before, after, "waived")]
    first = min(different, key=lambda entry: entry.place)
    return first.on, max(first.place[0], day_start(first.on, view.state.zone))


def _different(
    before: Charge | None, after: Charge | None, name: Literal["posted", "waived"]
) -> list[Posted | Waived]:
    one = getattr(before, name) if before is not None else ()
    other = getattr(after, name) if after is not None else ()
    return [*(entry for entry in one if entry not in other)] + [
        entry for entry in other if entry not in one
    ]


def _moved(view: View, before: Charge | None, after: Charge | None) -> list[CreditKey]:
    """The touched credits whose money is or was on the charge."""
    keys = [key for charge in (before, after) if charge is not None for key in charge.credit_keys]
    return [key for key in dict.fromkeys(keys) if key in view.state.before_credits]


def _whole(view: View, before: Charge | None, after: Charge | None) -> dict[str, Any]:
    shown = after or before
    assert shown is not None
    by = shown.by
    return {
        "account_id": view.state.account_id,
        "currency": shown.currency,
        "invoice_ids": (shown.invoice_id,) if shown.invoice_id is not None else None,
        "by": ledger.By(kind=by.kind, id=by.id) if by is not None else None,
        "collector": by.id if by is not None and by.kind == "collector" else None,
        "policy_version": shown.policy_version,
        "amounts": (view.amounts(shown.currency),),
        **members(view.state, shown, is_gone=after is None),
    }


def members(state: AccountState, charge: Charge, *, is_gone: bool = False) -> dict[str, Any]:
    """What events and reads show of a charge. One that is gone shows nothing charged."""
    segments = () if is_gone or charge.kind != "interest" else charged_days(state, charge)
    return {
        "charge_id": charge.charge_id,
        "kind": charge.kind,
        "status": "waived" if is_gone else charge.status,
        "invoice_id": charge.invoice_id,
        "amount_minor": 0 if is_gone else charge.amount_minor,
        "waived_minor": 0 if is_gone else charge.waived_minor,
        "paid_minor": 0 if is_gone else charge.paid_minor,
        "balance_minor": 0 if is_gone else charge.balance_minor,
        "disputed_minor": 0 if is_gone else charge.disputed_minor,
        "charged_on": charge.charged_on,
        "posted": () if is_gone else postings(charge),
        "waivers": ()
        if is_gone
        else tuple(
            [ledger.Waiver(name, on, minor) for name, (on, minor) in charge.waivers.items()]
        ),
        "rule": charge.rule,
        "pack": charge.pack,
        "citation": charge.citation,
        "step": charge.step,
        "basis_minor": charge.basis_minor,
        "percent": percent_text(charge.percent) if charge.percent is not None else None,
        "segments": tuple([_segment(part) for part in segments]),
    }


def postings(charge: Charge) -> tuple[ledger.Posting, ...]:
    """What was posted, one line a day."""
    by_day: dict[date, int] = {}
    for entry in charge.posted:
        by_day[entry.on] = by_day.get(entry.on, 0) + entry.amount_minor
    return tuple([ledger.Posting(on, minor) for on, minor in by_day.items() if minor])


def charged_days(state: AccountState, charge: Charge) -> tuple[Segment, ...]:
    """The runs of days that the postings of interest are for."""
    accrual = accrual_of(state, charge.invoice_id or "")
    if accrual is None or not charge.posted or charge.is_void:
        return ()
    last_on = max(entry.on for entry in charge.posted)
    return tuple([part for part in cut(accrual.segments, last_on) if part.percent is not None])


def _segment(part: Segment) -> ledger.Segment:
    assert part.percent is not None
    return ledger.Segment(
        part.from_on,
        part.to_on,
        part.days,
        part.basis_minor,
        percent_text(part.percent),
        part.day_count,
    )
