"""What is announced of settlements: offered, accepted, completed, lapsed, judged again."""

from typing import Any

from services.ledger.domain.agreements import (
    SettlementAccepted,
    SettlementDeclined,
    SettlementOffered,
)
from services.ledger.domain.arrangement_news import (
    about,
    instalment_news,
    is_continued,
    since,
    terms_of,
)
from services.ledger.domain.arrangements import PENDING
from services.ledger.domain.events import View
from services.ledger.domain.news import News
from services.ledger.domain.objects import Step
from services.ledger.domain.ranks import Turn
from services.ledger.domain.settlements import CONCESSION, Settlement, settlement_of
from shared.events import ledger

_ENDS = ("completed", "lapsed", "declined")


def offered_event(view: View, data: SettlementOffered) -> ledger.SettlementOffered | None:
    """Whatever else it came to at once is announced by the settlement itself."""
    settlement = settlement_of(view.state, data.settlement_id)
    if data.verdict == "offered":
        return ledger.SettlementOffered(**_terms(view, settlement))
    return None


def _terms(view: View, settlement: Settlement) -> dict[str, Any]:
    data = settlement.data
    return {
        **about(view, settlement, data),
        "settlement_id": data.settlement_id,
        "kind": data.kind,
        "base_minor": data.base_minor,
        "amount_minor": data.amount_minor,
        "conceded_minor": settlement.concession_minor,
        "instalments": terms_of(data.instalments),
        "valid_until_on": data.valid_until_on,
    }


def no_event(view: View, data: SettlementAccepted | SettlementDeclined) -> None:
    return None  # the settlement announces what became of it


def settlement_news(view: View, before: Settlement | None, after: Settlement | None) -> list[News]:
    if after is None:
        return []
    found = instalment_news(view, before, after, after.data)
    known = before.history if before is not None else ()
    fresh = after.history[len(known) :] if is_continued(known, after.history) else ()
    began_newly = after.began is not None and (before is None or before.began is None)
    if after.data.approval is not None:
        found += [_begun_news(view, after, step) for step in fresh if step.state == "offered"]
    if began_newly:
        found += [
            _begun_news(view, after, step) for step in after.history if step.state == "accepted"
        ][:1]
    state = before.state if before is not None else PENDING
    is_step = began_newly or (bool(fresh) and state in (PENDING, "offered", "accepted"))
    if is_step and after.state in _ENDS:
        found.append(_step_news(view, after))
    elif before is not None and not is_step and _said(before) != _said(after):
        found.append(_rejudged(view, before, after))
    return found


def _said(settlement: Settlement) -> tuple[object, ...]:
    """What was announced of the state in which it is."""
    figures = settlement.state in ("completed", "lapsed")
    return (
        settlement.state,
        settlement.paid_minor if figures else None,
        settlement.conceded_minor,
    )


def _begun_news(view: View, settlement: Settlement, step: Step) -> News:
    event: ledger.SettlementOffered | ledger.SettlementAccepted
    if step.state == "offered":
        event = ledger.SettlementOffered(**_terms(view, settlement))
    else:
        event = ledger.SettlementAccepted(**_terms(view, settlement), how=step.because)  # type: ignore[arg-type]
    cause = f"{step.at.isoformat()}, {view.cause}"
    kind = f"settlement-{step.state}"
    return News(kind, settlement.arrangement_id, cause, step.at, event, turn=-1)


def _step_news(view: View, settlement: Settlement) -> News:
    step = settlement.history[-1]
    figures = about(view, settlement, settlement.data)
    figures["settlement_id"] = settlement.arrangement_id
    carries: tuple[tuple[str, str], ...] = ()
    event: ledger.SettlementDeclined | ledger.SettlementCompleted | ledger.SettlementLapsed
    if step.state == "declined":
        data = settlement.data
        is_by_policy = data.verdict == "declined"
        event = ledger.SettlementDeclined(
            **figures,
            because=step.because,  # type: ignore[arg-type]
            counter_minor=data.counter_minor if is_by_policy else None,
        )
    elif step.state == "completed":
        carries = ((CONCESSION, settlement.arrangement_id),)
        event = ledger.SettlementCompleted(
            **figures,
            paid_minor=settlement.paid_minor,
            conceded_minor=settlement.conceded_minor,
            allocations=view.history(carries),  # type: ignore[arg-type]
        )
    else:
        event = ledger.SettlementLapsed(
            **figures, because=step.because, paid_minor=settlement.paid_minor
        )
    return News(
        f"settlement-{step.state}",
        settlement.arrangement_id,
        f"{step.at.isoformat()}, {view.cause}",
        step.at,
        event,
        turn=Turn.ARRANGEMENT,
        carries=carries,  # type: ignore[arg-type]
    )


def _rejudged(view: View, before: Settlement, after: Settlement) -> News:
    event = ledger.SettlementRejudged(
        **about(view, after, after.data),
        settlement_id=after.arrangement_id,
        paid_minor=after.paid_minor,
        conceded_minor=after.conceded_minor,
        from_state=before.state,
        to_state=after.state,
        because=view.cause,
    )
    return News(
        "settlement-rejudged",
        after.arrangement_id,
        view.cause,
        since(view, after.state, after.history),
        event,
        is_new=False,
        turn=Turn.ARRANGEMENT,
    )
