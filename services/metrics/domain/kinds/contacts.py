"""Contacts: planned, withheld, cancelled, and what left us or may have.

measure (day; –; mark): count
- `planned`, `cancelled`, `failed` (its day): 1, once per contact
- `suppressed` (its day; –; rule): 1, once for each rule; `withheld`: 1, with the first of them
- `attempt` (the day on which it left, or may have, for the first time; –; sent | uncertain): 1,
  once per contact; none if it turned out that the provider had never had it
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Apply, Handler, Kind
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, outreach

Result = Literal[
    "planned", "suppressed", "cancelled", "sent", "uncertain", "failed", "not-accepted"
]


class Occurred(Struct, frozen=True, array_like=True, tag="k"):
    """Something happened to a contact; each result (and rule) once."""

    recorded_slot: int
    result: Result
    at: datetime
    day: date
    channel: str
    strategy: str
    rule: str


def _on(result: Result) -> Apply:
    def on_contact(items: AccountItems, event: Received, data: Any) -> None:
        is_own = items.account_id == event.key
        facts = items.item("contact" if is_own else "cover", data.contact_id).facts
        rule = data.rule if isinstance(data, outreach.ContactSuppressed) else ""
        facts.append(
            Occurred(
                recorded_slot(facts, event),
                result,
                event.time,
                day_of_event(event),
                data.channel,
                data.strategy,
                rule,
            )
        )

    return on_contact


_on_refused, _on_not_accepted = _on("failed"), _on("not-accepted")


def on_failed(items: AccountItems, event: Received, data: outreach.ContactFailed) -> None:
    """Refused or undelivered; or it turned out that the provider had never had it."""
    is_attempt = data.reason_code != "not-accepted"
    (_on_refused if is_attempt else _on_not_accepted)(items, event, data)


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


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What a contact adds."""
    cells: Cells = {}
    counted: set[tuple[str, str]] = set()

    def count(fact: Occurred, measure: str, mark: str = "") -> None:
        if (measure, mark) in counted:
            return
        counted.add((measure, mark))
        cell = view.cell(
            measure,
            "",
            bounded(fact.day),
            view.place_at(fact.at),
            mark=mark,
            channel=fact.channel,
            strategy=fact.strategy,
        )
        add(cells, cell, 0, 1)

    for fact in facts:
        if not isinstance(fact, Occurred):
            continue
        if fact.result == "suppressed":
            count(fact, "suppressed", fact.rule)
            count(fact, "withheld")
        elif fact.result in ("planned", "cancelled", "failed"):
            count(fact, fact.result)
    attempt = attempt_of(facts)
    if attempt is not None:
        is_sent = any(isinstance(fact, Occurred) and fact.result == "sent" for fact in facts)
        count(attempt, "attempt", "sent" if is_sent else "uncertain")
    return cells


KIND = Kind(
    name="contact",
    facts=(Occurred,),
    handlers={
        "contact-planned": Handler(_on("planned")),
        "contact-suppressed": Handler(_on("suppressed")),
        "contact-cancelled": Handler(_on("cancelled")),
        "contact-sent": Handler(_on("sent"), accounts_covered),
        "contact-uncertain": Handler(_on("uncertain"), accounts_covered),
        "contact-failed": Handler(on_failed, accounts_covered),
    },
    cells=cells_of,
)

# The same contact as the other accounts have it that it speaks of: no attempt of theirs, but it
# touches their money and their delinquencies.
COVER = Kind(name="cover", facts=(Occurred,))
