"""The steps of a delinquency, by instant: what happened to the account, and what it did."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.debts import Debt, Disputed, Placed, Undisputed, read_debt
from services.metrics.domain.kinds.contacts import Occurred, attempt_of
from services.metrics.domain.kinds.feedback import Scored
from services.metrics.domain.kinds.holds import hold_of
from services.metrics.domain.kinds.instalment_plans import DEFAULTED, plan_of
from services.metrics.domain.kinds.parties import parties_of
from services.metrics.domain.kinds.promises import Judged, Made
from services.metrics.domain.kinds.tasks import Created, Done
from services.metrics.domain.overdue import Chain, chains_of, list_overdue
from services.metrics.domain.slots import FAR, bounded
from services.metrics.domain.views import View
from services.metrics.domain.windows import ONE_DAY
from shared.clock import day_start
from shared.events.ledger import STAGES

CONTACTED, REACHED, PROMISED = "contacted", "reached", "promised"
HANDED_OVER, HELD, DISPUTED, PLAN_AGREED = "handed-over", "held", "disputed", "plan-agreed"
CURED = "cured"

# In the order in which they are taken where they are of one instant.
STEPS: Final = (
    *(f"overdue-{stage}" for stage in STAGES),
    CONTACTED, REACHED, PROMISED, "promise-kept", "promise-broken", DISPUTED, "dispute-resolved",
    PLAN_AGREED, "plan-defaulted", HELD, "released", HANDED_OVER, "worked", "placed",
    "written-off", CURED,
)  # fmt: skip
_ORDER: Final = {step: place for place, step in enumerate(STEPS)}

# One of these before it, and a later stage of overdue was not just reached by waiting.
ACTS: Final = frozenset({CONTACTED, HANDED_OVER, HELD, DISPUTED, PROMISED, PLAN_AGREED})


class Step(NamedTuple):
    at: datetime
    day: date
    name: str

    @property
    def order(self) -> tuple[datetime, int]:
        return self.at, _ORDER[self.name]


class Withheld(NamedTuple):
    """A contact was suppressed by a rule."""

    at: datetime
    day: date
    rule: str


class Path(NamedTuple):
    """A delinquency with its steps, in order, and what was withheld in it."""

    chain: Chain
    steps: Sequence[Step]
    withheld: Sequence[Withheld]


KINDS: Final = frozenset(
    {"invoice", "contact", "cover", "task", "party", "promise", "hold", "plan", "feedback"}
)


def paths_of(known: Known, view: View) -> list[Path]:
    """Of every delinquency of the account in which a stage of overdue has begun."""
    of_invoices = [each for item in _invoices(known, view) for each in item]
    if not any(step.name.startswith("overdue-") for step in of_invoices):
        return []
    steps = [*of_invoices, *_others(known, view)]
    withheld = [each for item in known.read("contact", "withheld", _read_withheld) for each in item]
    found = []
    for chain in chains_of(list_overdue(known, view)):
        mine = sorted(_within(chain, steps), key=lambda step: step.order)
        mine = list(_each_stage_once(mine))
        if not any(step.name == "overdue-1" for step in mine):
            continue  # it has not begun by what is known
        if chain.end < FAR and not chain.is_written_off:
            mine.append(Step(_last_instant(view, chain.end), chain.end, CURED))
        found.append(Path(chain, mine, [e for e in withheld if _is_in(chain, e.day)]))
    return found


def _is_in(chain: Chain, day: date) -> bool:
    return chain.start <= day <= chain.end


def _within(chain: Chain, steps: Iterable[Step]) -> Iterator[Step]:
    return (step for step in steps if _is_in(chain, step.day))


def _last_instant(view: View, day: date) -> datetime:
    return day_start(min(day, FAR - ONE_DAY) + ONE_DAY, view.zone) - timedelta(microseconds=1)


def _each_stage_once(steps: Iterable[Step]) -> Iterator[Step]:
    """Of several invoices that reach a stage, the first."""
    seen = set()
    for step in steps:
        if step.name.startswith("overdue-"):
            if step.name in seen:
                continue
            seen.add(step.name)
        yield step


def _invoices(known: Known, view: View) -> Iterator[tuple[Step, ...]]:
    def read(_: ItemKey, facts: Sequence[Any]) -> tuple[Step, ...] | None:
        debt = read_debt(facts, view)
        return None if debt is None or debt.is_void else tuple(_of_debt(debt))

    return known.read("invoice", ("steps", view.known_zone), read)


def _of_debt(debt: Debt) -> Iterator[Step]:
    view = debt.view
    for stage, _ in debt.detected:
        day = max(min(debt.due_on + timedelta(days=stage), FAR), debt.issued_on)
        if debt.balance_on(day) > 0:
            yield Step(day_start(day, view.zone), day, f"overdue-{stage}")
    for put in debt.written_off:
        applied_on, released_on = put.days(debt.issued_on)
        if released_on != applied_on:
            yield Step(put.applied_at, applied_on, "written-off")
    # Of one thing that was announced again, the last: a dispute, a placement.
    claims: dict[tuple[type, str], Disputed | Undisputed | Placed] = {}
    for fact in debt.claims:
        if isinstance(fact, Disputed | Undisputed):
            claims[type(fact), fact.dispute_id] = fact
        elif isinstance(fact, Placed):
            claims[Placed, fact.placement_id] = fact
    for claim in claims.values():
        if not isinstance(claim, Placed) or claim.amount_minor is not None:
            yield Step(claim.at, view.day_of(claim.at, claim.day), _CLAIMS[type(claim)])


_CLAIMS: Final[dict[type, str]] = {
    Disputed: DISPUTED,
    Undisputed: "dispute-resolved",
    Placed: "placed",
}

Reader = Callable[[View, Sequence[Any]], Iterator[Step]]


def _contact(view: View, facts: Sequence[Any]) -> Iterator[Step]:
    attempt = attempt_of(facts)
    if attempt is not None:
        yield Step(attempt.at, bounded(attempt.day), CONTACTED)
    yield from _party(view, facts)


def _party(_: View, facts: Sequence[Any]) -> Iterator[Step]:
    right = [party for party in parties_of(facts) if party.is_right]
    if right:
        yield Step(right[-1].at, bounded(right[-1].day), REACHED)


def _task(view: View, facts: Sequence[Any]) -> Iterator[Step]:
    created = next((fact for fact in facts if isinstance(fact, Created)), None)
    done = next((fact for fact in reversed(facts) if isinstance(fact, Done)), None)
    for fact, name in ((created, HANDED_OVER), (done, "worked")):
        if fact is not None:
            yield Step(fact.at, bounded(fact.day), name)
    yield from _party(view, facts)


def _promise(view: View, facts: Sequence[Any]) -> Iterator[Step]:
    made = next((fact for fact in facts if isinstance(fact, Made)), None)
    if made is None:
        return
    yield Step(made.at, view.day_of(made.at, made.day), PROMISED)
    judged = next((fact for fact in reversed(facts) if isinstance(fact, Judged)), None)
    name = {"kept": "promise-kept", "partly_kept": "promise-broken", "broken": "promise-broken"}
    if judged is not None and judged.state in name:
        yield Step(judged.at, view.day_of(judged.at, judged.day), name[judged.state])


def _hold(view: View, facts: Sequence[Any]) -> Iterator[Step]:
    found = hold_of(facts)
    if found is not None:
        held, released = found
        yield Step(held.at, view.day_of(held.at, held.day), HELD)
        if released is not None:
            yield Step(released.at, view.day_of(released.at, released.day), "released")


def _plan(view: View, facts: Sequence[Any]) -> Iterator[Step]:
    agreed, became = plan_of(facts)
    if agreed is not None:
        yield Step(agreed.at, view.day_of(agreed.at, agreed.day), PLAN_AGREED)
        if became is not None and became.state == DEFAULTED:
            yield Step(became.at, view.day_of(became.at, became.day), "plan-defaulted")


_READERS: Final[dict[str, Reader]] = {
    "contact": _contact,
    "cover": _contact,
    "party": _party,
    "task": _task,
    "promise": _promise,
    "hold": _hold,
    "plan": _plan,
}


def _others(known: Known, view: View) -> Iterator[Step]:
    for kind, reader in _READERS.items():

        def read(_: ItemKey, facts: Sequence[Any], reader: Reader = reader) -> tuple[Step, ...]:
            return tuple(reader(view, facts))

        for steps in known.read(kind, ("steps", view.known_zone), read):
            yield from steps


def _read_withheld(_: ItemKey, facts: Sequence[Any]) -> tuple[Withheld, ...] | None:
    found = tuple(
        Withheld(fact.at, bounded(fact.day), fact.rule)
        for fact in facts
        if isinstance(fact, Occurred) and fact.result == "suppressed"
    )
    return found or None


def scores(known: Known) -> Iterator[Scored]:
    """Each feedback as it was announced last."""

    def read(_: ItemKey, facts: Sequence[Any]) -> Scored | None:
        last: Scored | None = facts[-1] if facts else None
        return last

    return known.read("feedback", "score", read)
