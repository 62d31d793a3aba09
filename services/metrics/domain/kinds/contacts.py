"""Contacts: planned, withheld, cancelled, what left us or may have, who answered, what it cost.

measure (day; –; mark): count
- `planned`, `cancelled`, `failed` (its day): 1, once per contact
- `suppressed` (its day; –; rule): 1, once for each rule; `withheld`: 1, with the first of them
- `attempt` (the day on which it left, or may have, for the first time; –; sent | uncertain): 1,
  once per contact; none if it turned out that the provider had never had it
- `answered` (the attempt's day): 1 if anybody answered within 30 days: wrote, spoke, visited
- `reached` (the attempt's day): 1 if that was the right party
- `right_party`, `promised`: `parties.py`
- `cost` (the attempt's day; –; contact): what the provider asks, as it was announced last
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Apply, Handler, Kind
from services.metrics.domain.kinds.parties import Party, add_right_party, parties_of
from services.metrics.domain.micros import of_units
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, outreach

Result = Literal[
    "planned", "suppressed", "cancelled", "sent", "uncertain", "failed", "not-accepted", "delivered"
]

ANSWER_DAYS = 30  # an answer that comes later than so many days after the attempt is none of it
AUTO_REPLY = "auto-reply"
CONVERSATION = "conversation"  # how a call ended in which somebody spoke with us


class Occurred(Struct, frozen=True, array_like=True, tag="k"):
    """Something happened to a contact; each result (and rule) counts once."""

    recorded_slot: int
    result: Result
    at: datetime
    day: date
    channel: str
    strategy: str
    rule: str  # of one that was suppressed; why it was cancelled
    collector: str = ""
    cost_micros: int = 0
    cost_currency: str = ""
    owner: str = ""  # of a contact that stands under another account: that one


class Answered(Struct, frozen=True, array_like=True, tag="a"):
    """Somebody wrote, spoke or visited."""

    recorded_slot: int
    day: date


def _on(result: Result) -> Apply:
    def on_contact(items: AccountItems, event: Received, data: Any) -> None:
        is_own = items.account_id == event.key
        facts = items.item("contact" if is_own else "cover", data.contact_id).facts
        rule = data.rule if isinstance(data, outreach.ContactSuppressed) else ""
        if isinstance(data, outreach.ContactCancelled):
            rule = data.because
        facts.append(
            Occurred(
                recorded_slot(facts, event),
                result,
                event.time,
                day_of_event(event),
                data.channel,
                data.strategy,
                rule,
                data.collector or "",
                data.cost_micros,
                data.cost_currency or "",
                "" if is_own else event.key,
            )
        )

    return on_contact


_on_refused, _on_not_accepted = _on("failed"), _on("not-accepted")
_on_arrived = _on("delivered")


def on_failed(items: AccountItems, event: Received, data: outreach.ContactFailed) -> None:
    """Refused or undelivered; or it turned out that the provider had never had it."""
    is_attempt = data.reason_code != "not-accepted"
    (_on_refused if is_attempt else _on_not_accepted)(items, event, data)


def on_delivered(items: AccountItems, event: Received, data: outreach.ContactDelivered) -> None:
    """What it costs may come with it; of a call, whether somebody spoke with us."""
    facts = items.item("contact", data.contact_id).facts
    if (data.cost_micros, data.cost_currency or "") != cost_of(facts):
        _on_arrived(items, event, data)
    if data.outcome == CONVERSATION:
        _answer(items, event, data.contact_id)


def on_reply(items: AccountItems, event: Received, data: outreach.ReplyReceived) -> None:
    if data.contact_id is not None and data.reply_class != AUTO_REPLY:
        _answer(items, event, data.contact_id)


def on_visit(items: AccountItems, event: Received, data: outreach.PortalVisited) -> None:
    _answer(items, event, data.contact_id)


def _answer(items: AccountItems, event: Received, contact_id: str) -> None:
    facts = items.item("contact", contact_id).facts
    facts.append(Answered(recorded_slot(facts, event), day_of_event(event)))


def accounts_covered(data: Any) -> Iterable[str]:
    """The account that a contact stands under, and the others that it speaks of."""
    return dict.fromkeys((data.account_id, *(cover.account_id for cover in data.covers)))


def attempt_of(facts: Sequence[Any]) -> Occurred | None:
    """When a contact left us, or may have, for the first time; None: it did not."""
    occurred = [fact for fact in facts if isinstance(fact, Occurred)]
    left = [fact for fact in occurred if fact.result in ("sent", "uncertain")]
    if not left or any(fact.result == "not-accepted" for fact in occurred):
        return None
    return min(left, key=lambda fact: fact.at)


def last_of(facts: Sequence[Any]) -> Occurred | None:
    """What was announced of it last: over which channel, by whom, for how much."""
    return next((fact for fact in reversed(facts) if isinstance(fact, Occurred)), None)


def cost_of(facts: Sequence[Any]) -> tuple[int, str]:
    """What it costs, in millionths of a unit, and of which currency."""
    last = last_of(facts)
    return (last.cost_micros, last.cost_currency) if last is not None else (0, "")


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What a contact adds."""
    cells: Cells = {}
    counted: set[tuple[str, str]] = set()

    def count(fact: Occurred, measure: str, mark: str = "") -> None:
        if (measure, mark) not in counted:
            counted.add((measure, mark))
            add_contact(cells, view, fact, measure, mark)

    for fact in facts:
        if not isinstance(fact, Occurred):
            continue
        if fact.result == "suppressed":
            count(fact, "suppressed", fact.rule)
            count(fact, "withheld")
        elif fact.result in ("planned", "cancelled", "failed"):
            count(fact, fact.result)
    last = last_of(facts)
    attempt = attempt_of(facts)
    if attempt is not None and last is not None:
        is_sent = any(isinstance(fact, Occurred) and fact.result == "sent" for fact in facts)
        add_contact(cells, view, attempt, "attempt", "sent" if is_sent else "uncertain")
        for measure in answers_to(attempt, facts):
            add_contact(cells, view, attempt, measure)
        if last.cost_micros:
            cell = view.cell(
                "cost",
                last.cost_currency,
                bounded(attempt.day),
                view.place_at(attempt.at),
                mark="contact",
                channel=attempt.channel,
                strategy=attempt.strategy,
                collector=attempt.collector,
            )
            add(cells, cell, of_units(last.cost_micros, last.cost_currency), 1)
    if last is not None:  # else it stands under another account (`account_measures/answers.py`)
        add_right_party(cells, view, facts, last.channel, last.strategy, last.collector)
    return cells


def add_contact(cells: Cells, view: View, fact: Occurred, measure: str, mark: str = "") -> None:
    """Count a contact once, where it stood then."""
    cell = view.cell(
        measure,
        "",
        bounded(fact.day),
        view.place_at(fact.at),
        mark=mark,
        channel=fact.channel,
        strategy=fact.strategy,
        collector=fact.collector,
    )
    add(cells, cell, 0, 1)


def answers_to(attempt: Occurred, facts: Sequence[Any]) -> list[str]:
    """What an attempt adds by the answers to it."""
    last_day = bounded(attempt.day) + timedelta(days=ANSWER_DAYS)
    parties = [party for party in parties_of(facts) if bounded(party.day) <= last_day]
    is_answered = parties or any(
        isinstance(fact, Answered) and bounded(fact.day) <= last_day for fact in facts
    )
    is_reached = any(party.is_right for party in parties)
    return [*(("answered",) if is_answered else ()), *(("reached",) if is_reached else ())]


KIND = Kind(
    name="contact",
    facts=(Occurred, Answered, Party),
    handlers={
        "contact-planned": Handler(_on("planned")),
        "contact-suppressed": Handler(_on("suppressed")),
        "contact-cancelled": Handler(_on("cancelled")),
        "contact-sent": Handler(_on("sent"), accounts_covered),
        "contact-uncertain": Handler(_on("uncertain"), accounts_covered),
        "contact-failed": Handler(on_failed, accounts_covered),
        "contact-delivered": Handler(on_delivered),
        "reply-received": Handler(on_reply),
        "portal-visited": Handler(on_visit),
    },
    cells=cells_of,
    measures=frozenset(
        {
            "answered",
            "attempt",
            "cancelled",
            "cost",
            "failed",
            "planned",
            "promised",
            "reached",
            "right_party",
            "suppressed",
            "withheld",
        }
    ),
)

# The same contact as the other accounts have it that it speaks of: no attempt of theirs, but it
# touches their money and their delinquencies.
COVER = Kind(name="cover", facts=(Occurred,))

# What another account answered to a contact of this one (`crossings.py`).
ANSWER = Kind(name="answer", facts=(Answered, Party))
