"""The facts behind a thing, in the words of the events that brought them.

Money comes as a whole history by source, so what is listed of it is what stands by now, each with
the moment at which it was first known. All else is listed as it was announced, corrections too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.debts import (
    Amended,
    Disputed,
    Issued,
    Placed,
    Recalled,
    Reopened,
    Staged,
    Undisputed,
    Voided,
)
from services.metrics.domain.kinds.charges import Charged
from services.metrics.domain.kinds.consents import Revoked
from services.metrics.domain.kinds.contacts import Answered, Occurred
from services.metrics.domain.kinds.conversations import TakenOver
from services.metrics.domain.kinds.costs import Commission, Recorded
from services.metrics.domain.kinds.credit_notes import Credited, Replaced
from services.metrics.domain.kinds.feedback import Scored
from services.metrics.domain.kinds.holds import Held, Released
from services.metrics.domain.kinds.instalment_plans import Agreed, StateTold
from services.metrics.domain.kinds.parties import Party
from services.metrics.domain.kinds.payments import Moved, Paid, Reversed
from services.metrics.domain.kinds.promises import Judged, Made
from services.metrics.domain.kinds.rates import RatesMoved
from services.metrics.domain.kinds.schedules import Unscheduled
from services.metrics.domain.kinds.tasks import Created, Done, Reviewed
from services.metrics.domain.kpis.kpi import Number
from services.metrics.domain.micros import in_minor, of_units
from services.metrics.domain.puts import Allocated, Put
from services.metrics.domain.slots import FAR, recorded_by, slot_start

FACTS_MAX = 200  # of one thing


@dataclass(frozen=True, slots=True)
class Told:
    """A fact as it is shown. `slot`: the quarter of an hour in which it was recorded."""

    type: str
    slot: int
    day: date | None = None
    at: datetime | None = None
    source_id: str | None = None
    amount: Number | None = None
    detail: str | None = None

    @property
    def recorded_at(self) -> datetime:
        return slot_start(self.slot)

    @property
    def in_order(self) -> tuple[date, datetime, int, str, str]:
        at = self.at or datetime.min.replace(tzinfo=UTC)
        return (self.day or date.min, at, self.slot, self.type, self.source_id or "")


class _Line(NamedTuple):
    """How a class of facts is shown. Members of its own: `at`, `day`, `amount_minor`, if any."""

    type: Callable[[Any], str]
    source: str = ""  # its member that names where it comes from
    detail: Callable[[Any], str] = lambda _: ""
    day: Callable[[Any], date | None] = lambda fact: getattr(fact, "day", None)
    amount: Callable[[Any], Number | None] = lambda fact: getattr(fact, "amount_minor", None)


def _is(type_: str) -> Callable[[Any], str]:
    return lambda _: type_


def _contact_type(fact: Occurred) -> str:
    return "contact-failed" if fact.result == "not-accepted" else f"contact-{fact.result}"


def _words(*members: str) -> Callable[[Any], str]:
    return lambda fact: ", ".join(each for name in members if (each := str(getattr(fact, name))))


def _cost(fact: Occurred | Done) -> Number | None:
    return in_minor(of_units(fact.cost_micros, fact.cost_currency)) if fact.cost_micros else None


def _stage_day(fact: Staged) -> date:
    return min(fact.due_on, FAR) + timedelta(days=fact.stage)


_JUDGED = {"pending": "promise-pending-again"}

LINES: Mapping[type, _Line] = {
    Issued: _Line(_is("invoice-issued"), day=lambda fact: fact.issued_on),
    Amended: _Line(_is("invoice-amended"), detail=lambda fact: f"due {fact.due_on}"),
    Voided: _Line(_is("invoice-voided")),
    Staged: _Line(
        _is("invoice-overdue"), day=_stage_day, detail=lambda fact: f"stage {fact.stage}"
    ),
    Reopened: _Line(_is("invoice-reopened")),
    Disputed: _Line(_is("dispute-opened"), "dispute_id", amount=lambda fact: fact.disputed_minor),
    Undisputed: _Line(_is("dispute-resolved"), "dispute_id"),
    Placed: _Line(_is("account-placed"), "placement_id", _words("agency")),
    Recalled: _Line(_is("account-recalled"), "placement_id", day=lambda fact: fact.at.date()),
    Paid: _Line(_is("payment-received"), detail=_words("method")),
    Reversed: _Line(_is("payment-reversed"), "reversal_id", amount=lambda fact: -fact.amount_minor),
    Credited: _Line(_is("credit-note-issued")),
    Replaced: _Line(_is("credit-note-replaced")),
    Made: _Line(_is("promise-made"), detail=_words("channel", "collector")),
    Judged: _Line(
        lambda fact: _JUDGED.get(fact.state, f"promise-{fact.state.replace('_', '-')}"),
        amount=lambda fact: fact.received_minor,
        detail=lambda fact: "" if fact.asked_minor is None else f"of {fact.asked_minor}",
    ),
    Occurred: _Line(
        _contact_type, detail=_words("channel", "strategy", "rule", "collector"), amount=_cost
    ),
    Answered: _Line(_is("contact-answered")),
    Party: _Line(
        lambda fact: f"{'right' if fact.is_right else 'wrong'}-party-contacted",
        "touch_id",
        _words("outcome", "channel", "collector"),
    ),
    Created: _Line(_is("task-created"), detail=_words("kind", "queue")),
    Done: _Line(
        _is("task-completed"), detail=_words("queue", "collector", "disposition"), amount=_cost
    ),
    Scored: _Line(_is("feedback-received"), detail=lambda fact: f"score {fact.score}"),
    Revoked: _Line(_is("consent-revoked"), detail=_words("channel")),
    Recorded: _Line(
        lambda fact: "cost-recorded" if fact.kind else "cost-withdrawn",
        detail=_words("kind", "channel"),
    ),
    Commission: _Line(_is("commission-due"), "payment_id"),
    Held: _Line(_is("hold-placed"), day=lambda fact: fact.from_on),
    Released: _Line(_is("hold-released"), day=lambda fact: fact.released_on),
    Agreed: _Line(_is("plan-agreed")),
    StateTold: _Line(lambda fact: f"plan-{fact.state}"),
    TakenOver: _Line(_is("conversation-answered")),
    Unscheduled: _Line(_is("scheduled-payment-cancelled"), detail=_words("because")),
    Moved: _Line(_is("payment-moved")),
    Reviewed: _Line(_is("interaction-reviewed"), detail=_words("collector")),
    RatesMoved: _Line(_is("rates-changed")),
}


def facts_of_item(kind: str, item_id: str, facts: Sequence[Any], before: int) -> list[Told]:
    """What was recorded of a thing before a moment, in the order of days."""
    known = recorded_by(facts, before - 1)
    found = [
        *(_told(item_id, fact) for fact in known if type(fact) in LINES),
        *_told_of_puts(known),
        *_told_of_charges(item_id, known),
    ]
    return sorted(found, key=lambda each: each.in_order)


def facts_within(
    items: AccountItems, within: tuple[date, date], before: int, kinds: Iterable[str]
) -> list[Told]:
    """What happened to an account on these days, and by what was known then."""
    first_on, last_on = within
    found = [
        replace(told, source_id=told.source_id or item_id)
        for (kind, item_id), item in items.by_key.items()
        if kind in kinds
        for told in facts_of_item(kind, item_id, item.facts, before)
        if told.day is not None and first_on <= told.day <= last_on
    ]
    return sorted(found, key=lambda each: each.in_order)


def _told(item_id: str, fact: Any) -> Told:
    line = LINES[type(fact)]
    return Told(
        line.type(fact),
        fact.recorded_slot,
        line.day(fact),
        getattr(fact, "at", None),
        getattr(fact, line.source) if line.source else item_id,
        line.amount(fact),
        line.detail(fact) or None,
    )


_TAKEN = {"write_off": "written-off", "concession": "conceded", "discount": "discounted"}
_GIVEN_BACK = {
    "write_off": "write-off-reversed",
    "concession": "concession-reversed",
    "discount": "discount-reversed",
}


def _told_of_puts(facts: Iterable[Any]) -> Iterator[Told]:
    """The money that stands on a thing by now, or did."""
    sources: dict[tuple[bool, str, str], list[Allocated]] = {}
    for fact in facts:
        if isinstance(fact, Allocated):
            sources.setdefault(fact.source, []).append(fact)
    for told in sources.values():
        last = told[-1]
        for put in last.puts:
            put_type, back_type = _types_of(last, put)
            since = next(each.recorded_slot for each in told if _has(each, put))
            yield Told(
                put_type, since, put.applied_on, put.applied_at, last.source_id, put.amount_minor
            )
            if put.released_at is not None:
                since = next(each.recorded_slot for each in told if put in each.puts)
                yield Told(
                    back_type,
                    since,
                    put.released_on,
                    put.released_at,
                    last.source_id,
                    -put.amount_minor,
                )


def _types_of(source: Allocated, put: Put) -> tuple[str, str]:
    if source.given_up:
        return _TAKEN[source.given_up], _GIVEN_BACK[source.given_up]
    if put.is_recovery:
        return "recovery-received", "recovery-taken-back"
    noun = "payment" if source.is_cash else "credit"
    return f"{noun}-applied", f"{noun}-released"


def _has(source: Allocated, put: Put) -> bool:
    """Whether a put was known by then, its end aside."""
    what = (put.amount_minor, put.applied_at)
    return any((each.amount_minor, each.applied_at) == what for each in source.puts)


def _told_of_charges(item_id: str, facts: Iterable[Any]) -> Iterator[Told]:
    """What was charged, and waived of it, as it was announced last."""
    charged = [fact for fact in facts if isinstance(fact, Charged)]
    for day, amount in charged[-1].moves if charged else ():
        since = next(fact.recorded_slot for fact in charged if (day, amount) in fact.moves)
        type_ = "charged" if amount >= 0 else "charge-waived"
        yield Told(type_, since, day, None, item_id, amount)
