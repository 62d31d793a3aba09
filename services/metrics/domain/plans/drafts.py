"""Every fault of a plan's document at once, what is odd about it, and what an approval needs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from services.metrics.domain.plans.conditions import EVERY, Condition, shape_faults
from services.metrics.domain.plans.document import (
    AlertRules,
    BudgetLine,
    CollectionPlan,
    Objective,
)
from services.metrics.domain.plans.traits import KpiTraits, find_traits
from shared.errors import FieldError, Invalid
from shared.field_errors import tree_errors
from shared.mail_addresses import deliverable
from shared.money import is_currency
from shared.texts import faults as text_faults
from shared.texts import id_fault, name_fault

DAYS_MAX = 3660  # of a plan

T = TypeVar("T", bound=Struct)
Raw = Mapping[str, Any]


class ReadPlan(Struct, frozen=True):
    """A document, and what is odd about it though it may stand."""

    plan: CollectionPlan
    warnings: tuple[FieldError, ...]


def read_plan(raw: Any) -> ReadPlan:
    """A plan from plain data. Raises `Invalid`, naming every fault of it."""
    if not isinstance(raw, Mapping):
        raise Invalid("A plan is a JSON object.", [FieldError("", "must be an object")])
    errors = [*text_faults(dict(raw)), *tree_errors(raw, CollectionPlan)]
    errors += [
        *_id_faults(raw, ("objectives", "budget", "contingencies", "people", "alerts")),
        *_day_faults(raw),
        *_currency_faults(raw),
        *_objective_faults(raw),
        *_budget_faults(raw),
        *_resource_faults(raw),
        *_policy_faults(raw),
        *_contingency_faults(raw),
        *_rhythm_faults(raw),
        *_people_faults(raw),
        *_rule_faults(raw, "alerts", _ids(raw, "objectives"), _ids(raw, "budget")),
    ]
    _refuse("The plan is not valid.", errors)
    plan = msgspec.convert(raw, CollectionPlan)
    return ReadPlan(plan, tuple(_warnings(plan)))


def read_alert_rules(raw: Any) -> AlertRules:
    """A tenant's own rules. Raises `Invalid`, naming every fault."""
    if not isinstance(raw, Mapping):
        raise Invalid("Alert rules are a JSON object.", [FieldError("", "must be an object")])
    errors = [*text_faults(dict(raw)), *tree_errors(raw, AlertRules)]
    errors += _id_faults(raw, ("rules", "people"))
    errors += _people_faults(raw)
    errors += _rule_faults(raw, "rules", None, None)
    _refuse("The alert rules are not valid.", errors)
    return msgspec.convert(raw, AlertRules)


def approval_faults(plan: CollectionPlan) -> list[FieldError]:
    """What a draft still lacks before it can be approved."""
    wanted = {
        "currency": plan.currency is not None,
        "from": plan.from_on is not None,
        "to": plan.to_on is not None,
        "objectives": bool(plan.objectives),
        "budget": bool(plan.budget),
        "reviews": plan.reviews is not None,
    }
    return [
        FieldError(f"/{name}", "is needed before a plan is approved")
        for name, is_there in wanted.items()
        if not is_there
    ]


def _refuse(detail: str, errors: Sequence[FieldError]) -> None:
    if errors:
        raise Invalid(detail, list(dict.fromkeys(errors)))


# ------------------------------------------------------------------------------- reading pieces


def _entries(raw: Raw, member: str) -> Iterable[tuple[str, Raw]]:
    """The objects of a list, with their pointers, whatever else is wrong with them."""
    listed = raw.get(member)
    for index, each in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(each, Mapping):
            yield f"/{member}/{index}", each


def _whole(entry: Raw, cls: type[T]) -> T | None:
    """An object that fits its class; None: what is wrong with it is named already."""
    try:
        return msgspec.convert(entry, cls)
    except msgspec.ValidationError:
        return None


def _object(raw: Raw, member: str) -> Raw:
    inner = raw.get(member)
    return inner if isinstance(inner, Mapping) else {}


def _ids(raw: Raw, member: str) -> frozenset[str]:
    return frozenset(str(each.get("id")) for _, each in _entries(raw, member))


def _day(raw: Raw, member: str) -> date | None:
    try:
        return msgspec.convert(raw.get(member), date)
    except msgspec.ValidationError:
        return None


# --------------------------------------------------------------------------------------- rules


def _id_faults(raw: Raw, members: Iterable[str]) -> Iterable[FieldError]:
    for member in members:
        seen: set[Any] = set()
        for pointer, each in _entries(raw, member):
            found = each.get("id")
            if isinstance(found, str) and found in seen:
                yield FieldError(f"{pointer}/id", f"{found} stands here twice")
            seen.add(str(found))


def _day_faults(raw: Raw) -> Iterable[FieldError]:
    first, last = _day(raw, "from"), _day(raw, "to")
    if first is not None and last is not None and last < first:
        yield FieldError("/to", f"must not be before `from` ({first})")
    elif first is not None and last is not None and (last - first).days >= DAYS_MAX:
        yield FieldError("/to", f"must be at most {DAYS_MAX} days from `from` ({first}) on")
    for pointer, each in _entries(raw, "objectives"):
        by = _day(each, "by")
        if by is None:
            continue
        if (first is not None and by < first) or (last is not None and by > last):
            yield FieldError(f"{pointer}/by", "must lie within the plan, from `from` to `to`")


def _currency_faults(raw: Raw) -> Iterable[FieldError]:
    places: list[tuple[str, Any]] = [("/currency", raw.get("currency"))]
    places += [
        (f"{pointer}/currency", each.get("currency"))
        for pointer, each in _entries(raw, "objectives")
    ]
    for pointer, code in places:
        if isinstance(code, str) and not is_currency(code):
            yield FieldError(pointer, "must be an ISO 4217 code like EUR")


def _objective_faults(raw: Raw) -> Iterable[FieldError]:
    for pointer, each in _entries(raw, "objectives"):
        if (each.get("at_least") is None) is (each.get("at_most") is None):
            yield FieldError(f"{pointer}/at_least", "needs exactly one of at_least, at_most")
        if not isinstance(each.get("kpi"), str):
            continue
        traits = find_traits(each["kpi"])
        if traits is None:
            yield _unknown_kpi(pointer, each["kpi"])
            continue
        yield from _question_faults(pointer, each, traits)
        yield from _window_faults(pointer, each.get("days"), traits)


def _unknown_kpi(pointer: str, name: str) -> FieldError:
    return FieldError(f"{pointer}/kpi", f"there is no KPI {name!r}: GET /v1/kpis lists them")


def _question_faults(pointer: str, each: Raw, traits: KpiTraits) -> Iterable[FieldError]:
    split = each.get("split")
    for name, value in split.items() if isinstance(split, Mapping) else ():
        at = f"{pointer}/split/{name}"
        if name == "currency":
            yield FieldError(at, "is a member of its own: currency")
        elif name == "experiment" and isinstance(split, Mapping) and "arm" in split:
            continue
        elif name not in traits.splits:
            known = ", ".join(traits.splits)
            yield FieldError(at, f"{traits.name} cannot be split by it: {known}")
        if isinstance(value, str) and (fault := id_fault(value)):
            yield FieldError(at, fault)
    if each.get("currency") is not None and not traits.is_money:
        yield FieldError(f"{pointer}/currency", f"{traits.name} is over all currencies")
    if each.get("per") is not None and each["per"] not in traits.per:
        known = ", ".join(traits.per) or "nothing"
        yield FieldError(f"{pointer}/per", f"{traits.name} can be taken per: {known}")
    counted = each.get("counted")
    if counted in ("amount", "count") and counted not in traits.by:
        yield FieldError(f"{pointer}/counted", f"{traits.name} has only: {', '.join(traits.by)}")


def _window_faults(pointer: str, days: Any, traits: KpiTraits) -> Iterable[FieldError]:
    at = f"{pointer}/days"
    if days == "plan" and not traits.is_sum:
        yield FieldError(at, f"`plan` is for sums, which {traits.name} is not")
    if days == "month" and not traits.is_monthly:
        yield FieldError(at, "`month` is for roll_rate alone")
    if traits.is_monthly and days not in (None, "month"):
        yield FieldError(at, f"{traits.name} is of whole months: `month`")


def _budget_faults(raw: Raw) -> Iterable[FieldError]:
    seen: dict[tuple[frozenset[str], ...], str] = {}
    for pointer, each in _entries(raw, "budget"):
        line = _whole(each, BudgetLine)
        if line is None:
            continue
        takes = tuple(
            frozenset(names) for names in (line.kinds, line.channels, line.queues, line.collectors)
        )
        if takes in seen:
            yield FieldError(pointer, f"takes the same costs as the line {seen[takes]}")
        seen.setdefault(takes, line.id)


def _resource_faults(raw: Raw) -> Iterable[FieldError]:
    resources = _object(raw, "resources")
    for member, name in (("people", "collector"), ("channels", "channel")):
        counts = Counter(str(each.get(name)) for _, each in _entries(resources, member))
        for pointer, each in _entries(resources, member):
            if counts[str(each.get(name))] > 1:
                yield FieldError(f"/resources{pointer}/{name}", "stands here twice")
            elif isinstance(each.get(name), str) and (fault := id_fault(each[name])):
                yield FieldError(f"/resources{pointer}/{name}", fault)


def _policy_faults(raw: Raw) -> Iterable[FieldError]:
    for pointer, each in _entries(raw, "policies"):
        if each.get("kind") == "segments" and each.get("name") is not None:
            yield FieldError(f"{pointer}/name", "a tenant's segments have no name")
        if each.get("kind") in ("rulebook", "template", "model") and each.get("name") is None:
            yield FieldError(f"{pointer}/name", f"is missing: which {each['kind']}")


def _contingency_faults(raw: Raw) -> Iterable[FieldError]:
    objectives, lines = _ids(raw, "objectives"), _ids(raw, "budget")
    people = _ids(raw, "people")
    for pointer, each in _entries(raw, "contingencies"):
        yield from _condition_faults(pointer, each, objectives, lines)
        yield from _unknown_people(f"{pointer}/to", each.get("to"), people)
        deed = each.get("do")
        if not isinstance(deed, Mapping):
            continue
        if sum(value is not None for value in deed.values()) != 1:
            yield FieldError(f"{pointer}/do", "needs exactly one thing to do")
        told = deed.get("alert")
        if isinstance(told, Mapping):
            yield from _unknown_people(f"{pointer}/do/alert/to", told.get("to"), people)


def _rule_faults(
    raw: Raw, member: str, objectives: frozenset[str] | None, lines: frozenset[str] | None
) -> Iterable[FieldError]:
    people = _ids(raw, "people")
    for pointer, each in _entries(raw, member):
        yield from _condition_faults(pointer, each, objectives, lines)
        yield from _unknown_people(f"{pointer}/to", each.get("to"), people)


def _condition_faults(
    pointer: str, each: Raw, objectives: frozenset[str] | None, lines: frozenset[str] | None
) -> Iterable[FieldError]:
    """`objectives` None: a rule without a plan, which has neither these nor reviews."""
    when = each.get("when")
    if not isinstance(when, Mapping):
        return
    at = f"{pointer}/when"
    for inner, detail in shape_faults(when):
        yield FieldError(f"{at}{inner}", detail)
    for member, known in (("objective", objectives), ("budget", lines)):
        name = when.get(member)
        if name is None:
            continue
        if known is None:
            yield FieldError(f"{at}/{member}", "is a plan's, and this rule belongs to none")
        elif name != EVERY and name not in known:
            listed = ", ".join(sorted(known)) or "none"
            yield FieldError(f"{at}/{member}", f"the plan has no such one: {listed}")
    if objectives is None and when.get("review") is not None:
        yield FieldError(f"{at}/review", "is a plan's, and this rule belongs to none")
    code = when.get("currency")
    if isinstance(code, str) and not is_currency(code):
        yield FieldError(f"{at}/currency", "must be an ISO 4217 code like EUR")
    if isinstance(when.get("kpi"), str):
        traits = find_traits(when["kpi"])
        if traits is None:
            yield _unknown_kpi(at, when["kpi"])
        else:
            yield from _question_faults(at, when, traits)


def _unknown_people(pointer: str, listed: Any, known: frozenset[str]) -> Iterable[FieldError]:
    for index, person in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(person, str) and person not in known:
            yield FieldError(f"{pointer}/{index}", f"{person} is not among `people`")


def _rhythm_faults(raw: Raw) -> Iterable[FieldError]:
    rhythm = _object(raw, "reviews")
    every = rhythm.get("every")
    wanted, other = ("weekday", "day") if every == "week" else ("day", "weekday")
    if every in ("week", "month", "quarter"):
        if rhythm.get(wanted) is None:
            yield FieldError(f"/reviews/{wanted}", f"is missing: every {every} on which")
        if rhythm.get(other) is not None:
            yield FieldError(f"/reviews/{other}", f"is not for every {every}")
    yield from _unknown_people("/reviews/people", rhythm.get("people"), _ids(raw, "people"))


def _people_faults(raw: Raw) -> Iterable[FieldError]:
    for pointer, each in _entries(raw, "people"):
        email, name = each.get("email"), each.get("name")
        if isinstance(email, str) and deliverable(email) is None:
            yield FieldError(f"{pointer}/email", "must be an e-mail address")
        if isinstance(name, str) and (fault := name_fault(name)):
            yield FieldError(f"{pointer}/name", fault)


# ------------------------------------------------------------------------------------ warnings


def _warnings(plan: CollectionPlan) -> Iterable[FieldError]:
    for index, each in enumerate(plan.objectives):
        yield from _objective_warnings(f"/objectives/{index}", each)
    asked = {person for rule in plan.alerts for person in rule.to}
    asked |= {person for each in plan.contingencies for person in each.to}
    asked |= set(plan.reviews.people if plan.reviews is not None else ())
    for index, person in enumerate(plan.people):
        if person.id in asked and person.email is None:
            yield FieldError(f"/people/{index}/email", f"{person.name} will get no mail without it")
    for index, rule in enumerate(plan.alerts):
        if not rule.to:
            yield FieldError(f"/alerts/{index}/to", "nobody gets a mail of it")


def _objective_warnings(pointer: str, each: Objective) -> Iterable[FieldError]:
    traits = find_traits(each.kpi)
    assert traits is not None, "unknown ones were refused"
    member = "at_least" if each.is_floor else "at_most"
    if traits.better == ("lower" if each.is_floor else "higher"):
        words = f"{each.kpi} is better {traits.better}: {member} asks for the other direction"
        yield FieldError(f"{pointer}/{member}", words)
    if traits.is_share and not 0 <= each.target <= 1:
        words = f"{each.kpi} lies between 0 and 1: 60 percent are 0.6"
        yield FieldError(f"{pointer}/{member}", words)
    if traits.unit in ("minor", "count") and each.target != int(each.target):
        yield FieldError(f"{pointer}/{member}", f"{each.kpi} is counted in whole numbers")


def condition_kpis(conditions: Iterable[Condition]) -> list[Condition]:
    """Those that ask a KPI of their own."""
    return [each for each in conditions if each.kpi is not None]
