"""Strategies and stories by chance, for the planner and its referee. The same seed, the same story."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from services.outreach.dunning.domain.conditions import Case, NumberBound
from services.outreach.dunning.domain.strategy import (
    REACTION_DAYS,
    Caps,
    HandOver,
    Quiet,
    Reaction,
    Requires,
    ResumeAfterDays,
    Send,
    Step,
    Strategy,
    on_ladder,
)
from tests.oracles.dunning_books import Fact
from tests.unit.outreach.planning_world import bound, retail

FIRST = date(2027, 2, 15)
LAST = date(2027, 6, 10)
TONES: tuple[Any, ...] = ("friendly", "neutral", "firm", "final")
CHANNELS: tuple[Any, ...] = ("email", "sms", "letter", "portal", "voice")
DAYS: tuple[Any, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KINDS = (
    "promise", "promise", "dispute", "dispute", "hold", "hold", "pay", "pay", "place", "plan",
    "settle", "pause", "pause", "strategy", "correct", "bounce", "lost", "fail", "warn",
    "segment", "write-off",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    strategies: dict[str, Strategy | None]
    facts: list[Fact]
    pays_within: dict[str, float | None]
    reached: set[str]
    contact_from: date


def a_strategy(chance: Random, name: str) -> Strategy:
    if chance.random() < 0.25:
        return replace(retail(), name=name)
    after = ResumeAfterDays(
        **{k: chance.choice((0, 0, 1, 3)) for k in ResumeAfterDays.__dataclass_fields__}
    )
    return Strategy(
        name=name,
        version="1",
        send=_send(chance),
        caps=Caps(
            gap_days=chance.choice((1, 2, 3, 5)),
            per_7_days=chance.choice((1, 2, 2, 4)),
            per_30_days=chance.choice((3, 6, 10)),
        ),
        quiet=Quiet(after_payment_days=chance.choice((0, 3, 7))),
        resume_after_days=after,
        ladder=_ladder(chance),
        reactions={},
    )


def _send(chance: Random) -> Send:
    hours = chance.choice(((9, 18), (9, 18), (17, 19), (8, 12)))
    days = chance.choice((DAYS[:5], DAYS[:5], DAYS, ("tue", "thu"), DAYS[5:]))
    return Send(from_=time(hours[0]), to=time(hours[1]), days=days)


def _when(chance: Random) -> tuple[Case, ...]:
    euros = chance.choice((20, 60, 100))
    limit = NumberBound(fact="pays_within", side="below", limit=Decimal("0.6"))
    return chance.choice(
        (
            (), (), (), (),
            (Case(amounts=(bound("amount", "from", default=euros),)),),
            (Case(amounts=(bound("overdue", "from", default=euros),)),),
            (Case(amounts=(bound("collectable", "below", default=euros),)),),
            (Case(numbers=(limit,)),),
            (Case(words={"segment": frozenset({"at-risk"})}),),
        )
    )  # fmt: skip


def _ladder(chance: Random) -> tuple[Step, ...]:
    steps: list[Step] = []
    tone = 0
    for index in range(chance.randint(2, 7)):
        last = on_ladder(steps)[-1].ladder_day if steps else None
        tone = min(3, tone + chance.choice((0, 0, 0, 1)))
        step = _step(chance, index, last, TONES[tone])
        if last is not None and on_ladder([*steps, step])[-1].ladder_day <= last:
            continue
        earlier = [s.name for s in steps if s.hand_over is None]
        if earlier and chance.random() < 0.1:
            step = replace(
                step, requires=Requires(step=chance.choice(earlier), days=chance.choice((0, 3, 10)))
            )
        steps.append(step)
    if on_ladder(steps)[-1].ladder_day <= 0:
        steps.append(
            _message(chance, "end", "due", "friendly", days=chance.randint(1, 9), tone=TONES[tone])
        )
    return on_ladder(steps)


def _message(chance: Random, name: str, anchor: Any, _old: str, **more: Any) -> Step:
    channels = tuple(chance.sample(CHANNELS, chance.choice((1, 2, 2, 3))))
    send = _send(chance) if chance.random() < 0.15 else None
    return Step(name=name, anchor=anchor, channels=channels, template=name, send=send, **more)


def _step(chance: Random, index: int, last: int | None, tone: Any) -> Step:
    name = f"s{index}"
    place: dict[str, Any]
    kind = chance.choice(("due", "due", "due", "stage", "last-contact"))
    if kind == "last-contact" and last is None:
        kind = "due"
    if kind == "due":
        low = (last + 1) if last is not None else chance.choice((-7, -3, 0, 1, 3))
        place = {"anchor": "due", "days": chance.randint(low, low + 8)}
        if place["days"] > 0 and chance.random() < 0.2:
            place = {"anchor": "due", "business_days": place["days"]}
    elif kind == "stage":
        stage = chance.choice((31, 31, 61))
        place = {"anchor": "stage", "stage": stage, "days": chance.randint(0, 9)}
        if place["days"] and chance.random() < 0.3:
            place = {"anchor": "stage", "stage": stage, "business_days": place["days"]}
    else:
        place = {
            "anchor": "last-contact",
            chance.choice(("days", "business_days")): chance.randint(1, 9),
        }
    place["when"] = _when(chance)
    step = on_ladder([Step(name="x", tone=tone, **{**place, "anchor": place["anchor"]})])[0]
    is_overdue = place["anchor"] != "due" or step.ladder_day > 0
    is_overdue = is_overdue and (place["anchor"] != "last-contact" or (last or 0) >= 0)
    if is_overdue and chance.random() < 0.15:
        return Step(name=name, channels=("person",), tone=tone, **place)
    if is_overdue and index > 2 and chance.random() < 0.15:
        return Step(name=name, hand_over=HandOver(kind="agency", to="a"), tone=tone, **place)
    return _message(chance, name, place.pop("anchor"), "", tone=tone, **place)


def with_reactions(chance: Random, strategy: Strategy) -> Strategy:
    found: dict[str, Reaction] = dict(strategy.reactions) if chance.random() < 0.5 else {}
    names = [*REACTION_DAYS, "warning.escalating-delay", "segment.at-risk"]
    for key in chance.sample(names, chance.randint(0, 8)):
        first, last = REACTION_DAYS.get(key, (0, 20))
        days = sorted(
            chance.sample(range(first, last + 1), min(last - first + 1, chance.choice((1, 1, 2))))
        )
        tone = chance.choice(TONES[:3])
        steps = []
        for day in days:
            name = f"{key}{day}"
            if chance.random() < 0.2 and day >= 0:
                steps.append(
                    Step(name=name, anchor="event", days=day, channels=("person",), tone=tone)
                )
            else:
                steps.append(_message(chance, name, "event", "", days=day, tone=tone))
        more: dict[str, Any] = {}
        if key == "promise-broken":
            ladder = [s.name for s in strategy.ladder]
            more = {
                "resume_after_days": chance.choice((None, 0, 5)),
                "skip_to": chance.choice((None, chance.choice(ladder))),
            }
        found[key] = Reaction(steps=on_ladder(steps), **more)
    return replace(strategy, reactions=found)


def a_story(seed: int) -> Told:
    chance = Random(seed)
    accounts = ["C1"] if chance.random() < 0.7 else ["C1", "C2"]
    same = with_reactions(chance, a_strategy(chance, "one"))
    strategies: dict[str, Strategy | None] = {
        name: same if chance.random() < 0.5 else with_reactions(chance, a_strategy(chance, "two"))
        for name in accounts
    }
    facts: list[Fact] = []
    for n in range(1, chance.choice((1, 1, 2, 3)) + len(accounts)):
        account = chance.choice(accounts)
        due_on = FIRST + timedelta(days=chance.randint(10, 35))
        day = FIRST if chance.random() < 0.8 else FIRST + timedelta(days=chance.randint(0, 60))
        minor = chance.choice((1500, 4000, 6000, 12000, 30000))
        facts.append(Fact(day, "invoice", f"I{n}", account, until=due_on, minor=minor))
    bills = list(facts)
    for n in range(chance.choice((0, 1, 2, 3, 5))):
        _happen(chance, facts, bills, f"X{n}")
    facts.sort(key=lambda fact: fact.day)
    reached = {name for name in accounts if chance.random() < 0.3}
    pays = {name: chance.choice((None, 0.4, 0.8)) for name in accounts}
    start = date(2000, 1, 1)
    if chance.random() < 0.15:
        start = FIRST + timedelta(days=chance.randint(0, 50))
    return Told(strategies, facts, pays, reached, start)


def _happen(chance: Random, facts: list[Fact], bills: list[Fact], name: str) -> None:
    bill = chance.choice(bills)
    day = max(bill.day, FIRST + timedelta(days=chance.randint(5, 80)))
    later = day + timedelta(days=chance.randint(1, 30))
    latest = later + timedelta(days=chance.randint(1, 15))
    kind = chance.choice(KINDS)
    some = chance.choice((None, (bill.name,)))
    base = Fact(day, kind, name, bill.account, (bill.name,))
    some_base = replace(base, invoices=some)
    ends = chance.random() < 0.8
    if kind == "promise":
        facts.append(replace(some_base, until=later - timedelta(days=1)))
        words = ["kept", "broken", "broken", "partly_kept", "cancelled"]
        word = chance.choice(words)
        if ends:
            facts.append(replace(some_base, day=later, kind="judge", word=word))
            if chance.random() < 0.3 and word != "cancelled":
                again = chance.choice([w for w in ("kept", "broken", "open") if w != word])
                facts.append(replace(some_base, day=latest, kind="judge", word=again))
    elif kind == "dispute":
        facts.append(replace(base, minor=chance.choice((0, 0, 2000))))
        if ends:
            facts.append(replace(base, day=later, kind="resolve"))
    elif kind == "hold":
        until = None if chance.random() < 0.5 else later
        facts.append(replace(some_base, until=until))
        if ends:
            release = day + timedelta(days=chance.randint(1, (later - day).days))
            facts.append(replace(some_base, day=release, kind="release"))
    elif kind == "pay":
        known = [f for f in facts if f.kind in ("pay", "write-off") and f.invoices == base.invoices]
        if not known:
            minor = bill.minor if chance.random() < 0.5 else bill.minor // 2
            facts.append(replace(base, minor=minor))
            if chance.random() < 0.4:
                facts.append(replace(base, day=later, kind="take-back", minor=minor))
    elif kind == "place":
        facts.append(base)
        if ends:
            facts.append(replace(base, day=later, kind="recall"))
    elif kind == "plan":
        facts.append(replace(some_base, until=later))
        if chance.random() < 0.4:
            facts.append(
                replace(some_base, day=later + timedelta(days=1), kind="miss", until=later)
            )
        if ends:
            word = chance.choice(("completed", "defaulted", "cancelled"))
            facts.append(
                replace(some_base, day=latest + timedelta(days=1), kind="end-plan", word=word)
            )
    elif kind == "settle":
        facts.append(replace(some_base, kind="offer", until=latest))
        if ends:
            facts.append(replace(some_base, day=later, kind="accept", until=latest))
            if chance.random() < 0.5:
                word = chance.choice(("completed", "lapsed"))
                facts.append(replace(some_base, day=latest, kind="end-settlement", word=word))
    elif kind == "pause":
        word = chance.choice(("reply", "claim", "manual"))
        until = later if word == "manual" else None
        facts.append(replace(base, word=word, until=until, invoices=None))
        if chance.random() < 0.4:
            facts.append(
                replace(base, day=day + timedelta(days=2), kind="end-pause", invoices=None)
            )
    elif kind == "strategy":
        fresh = with_reactions(chance, a_strategy(chance, name))
        facts.append(replace(base, strategy=fresh))
    elif kind == "correct":
        if day > (bill.until or day) and not any(f.kind == "correct" for f in facts):
            facts.append(base)
            if ends:
                facts.append(replace(base, day=later, kind="overdue-again"))
    elif kind in ("bounce", "lost"):
        channel = chance.choice(CHANNELS)
        facts.append(replace(base, word=channel))
        if ends:
            facts.append(replace(base, day=later, kind="found", word=channel))
    elif kind == "warn":
        facts.append(replace(base, word="escalating-delay", invoices=None))
    elif kind == "segment" and not any(f.kind == "segment" for f in facts):
        facts.append(replace(base, word="at-risk", invoices=None))
        if ends:
            facts.append(replace(base, day=later, word="calm", invoices=None))
    elif kind == "write-off":
        if not any(f.kind == "pay" for f in facts):
            facts.append(base)
    elif kind == "fail":
        facts.append(replace(base, invoices=None))
