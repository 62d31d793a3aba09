"""Rule books put together: packs chosen by name, gates opened, rules found by scope."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import tzdata  # type: ignore[import-untyped]

from services.outreach.compliance.books import RuleBook
from services.outreach.compliance.conditions import MAYBE, NO, YES
from services.outreach.compliance.kinds import JUDGES, NAMED_WHEN_SATISFIED, Judge
from services.outreach.compliance.params import Gate
from services.outreach.compliance.records import Limit
from services.outreach.compliance.rules import Rule
from shared.errors import FieldError, Invalid, Unavailable

TZDATA_VERSION: str = tzdata.IANA_VERSION  # the data that every zone is read from
CHAIN_MAX = 4  # gates that open gates
_CACHE_MAX = 4096  # scopes remembered
_KEEPERS = frozenset({"waiting", "interest", "retention"})  # what goes to the record


@dataclass(frozen=True)
class Bound:
    """A rule as it is bound to a debt: how surely, and by what."""

    rule: Rule
    truth: int  # YES, or MAYBE where its place or the debt's kind is not known
    judge: Judge | None
    named: bool  # whether an `allow` names it


class Scope:
    """The rules for a party, a medium, some places, some days and a kind of debt, in the order of
    the stages."""

    def __init__(self, bound: Sequence[Bound]) -> None:
        self.judged = tuple(each for each in bound if each.judge is not None)
        self.timed = tuple(each for each in self.judged if each.rule.timed)
        self.dated = tuple(each for each in self.judged if each.rule.timed or each.rule.dated)
        self.texts = tuple(each for each in bound if each.rule.kind == "disclosure")
        self.kept = tuple(each for each in bound if each.rule.kind in _KEEPERS)
        self.periods = tuple(
            each.rule
            for each in bound
            if each.rule.kind == "waiting" and each.rule.params.period_days
        )
        self.rules = frozenset(each.rule for each in bound)


class Books:
    """Books in force together. Immutable; what it remembers are answers it can give again."""

    def __init__(self, books: Sequence[RuleBook]) -> None:
        self.books = tuple(sorted(books, key=lambda book: book.name))
        self.version = max((book.version for book in self.books), default="none")
        versions = {book.name: book.version for book in self.books}
        # One version for all, as they are shipped, says it; with a tenant's own, each is named.
        self.versions = versions if len(set(versions.values())) > 1 else None
        self.rules = tuple(sorted(_opened(self.books), key=lambda rule: rule.order))
        self.limitation: dict[str, list[Limit]] = {}
        for book in self.books:
            for limit in book.limitation:
                self.limitation.setdefault(limit.jurisdiction, []).append(limit)
        self._scopes: dict[Any, Scope] = {}
        self._alike: dict[tuple[Bound, ...], Scope] = {}
        self._selections: dict[Any, Books] = {}
        oldest = max((book.tzdata_min or "" for book in self.books), default="")
        self._too_old = oldest if oldest > TZDATA_VERSION else None

    @classmethod
    def of(cls, books: Iterable[RuleBook]) -> "Books":
        """Raises `Invalid` for two books of one name and for a rule that stands in two."""
        books = tuple(books)
        errors = []
        seen: dict[str, str] = {}
        for index, book in enumerate(books):
            if any(other.name == book.name for other in books[:index]):
                errors.append(FieldError(f"/{index}", f"two books are named {book.name}"))
                continue
            for rule in book.rules:
                if seen.setdefault(rule.id, book.name) != book.name:
                    errors.append(
                        FieldError(
                            f"/{index}", f"{rule.id} stands in {seen[rule.id]} and in {book.name}"
                        )
                    )
        if errors:
            raise Invalid(f"The rule books contradict each other: {errors[0].detail}", errors)
        return cls(books)

    def select(self, packs: frozenset[str] | None) -> "Books":
        """The books of these names; None: all that are law. Raises `Invalid` for an unknown one."""
        found = self._selections.get(packs)
        if found is not None:
            return found
        if packs is None:
            chosen = [book for book in self.books if book.klass == "law"]
        else:
            names = {book.name for book in self.books}
            errors = [
                FieldError(
                    "/packs",
                    f"there is no rule book {name!r}; there are {', '.join(sorted(names))}",
                )
                for name in sorted(packs - names)
            ]
            if errors:
                raise Invalid("The question names unknown rule books.", errors)
            chosen = [book for book in self.books if book.name in packs]
        selection = self if len(chosen) == len(self.books) else Books(chosen)
        if len(self._selections) < _CACHE_MAX:
            self._selections[packs] = selection
        return selection

    def check_tzdata(self) -> None:
        """Raises `Unavailable` when the time-zone data is older than a book demands."""
        if self._too_old is not None:
            raise Unavailable(
                f"the time-zone data is {TZDATA_VERSION}, the rule books demand"
                f" {self._too_old} or later"
            )

    def scope(
        self,
        party: str,
        channel: str,
        places: tuple[frozenset[str], frozenset[str]],
        purpose: str | None,
        days: tuple[date, ...],
    ) -> Scope:
        """The rules for a party, a medium, places (certain and possible) and a debt of a purpose
        (None: not known), in force on any of the local days that it may be."""
        key = (party, channel, places, purpose, days)
        found = self._scopes.get(key)
        if found is None:
            if len(self._scopes) >= _CACHE_MAX:
                self._scopes.clear()
                self._alike.clear()
            bound = tuple(self._bound(party, channel, places, purpose, days))
            # On most days the same rules are in force: then it is the same scope.
            found = self._scopes[key] = self._alike.setdefault(bound, Scope(bound))
        return found

    def _bound(
        self,
        party: str,
        channel: str,
        places: tuple[frozenset[str], frozenset[str]],
        purpose: str | None,
        days: tuple[date, ...],
    ) -> Iterator[Bound]:
        found: dict[Rule, int] = {}
        for rule in self.rules:
            if not (rule.binds_first if party == "first" else rule.binds_third):
                continue
            if rule.channels is not None and channel not in rule.channels:
                continue
            truth = _is_about(rule, purpose)
            place = _is_there(rule, *places)
            if truth != NO and place != NO and in_force(rule, days):
                found[rule] = YES if truth == place == YES else MAYBE
        for rule, truth in found.items():
            # What a rule says by itself, no gate need make it say.
            if rule.base is None or found.get(rule.base) != YES:
                named = rule.kind in NAMED_WHEN_SATISFIED
                yield Bound(rule, truth, JUDGES.get(rule.kind), named)

    @property
    def missing_references(self) -> tuple[str, ...]:
        """What gates and `speaks_for` name and no rule here is called: a book to load, or a slip
        of the pen."""
        ids = {rule.id for book in self.books for rule in book.rules}
        missing = []
        for book in self.books:
            for rule in book.rules:
                names = list(rule.speaks_for)
                if rule.kind == "gate":
                    names += [*rule.params.extends, *rule.params.but_not]
                missing += [
                    f"{rule.id} names {name}"
                    for name in names
                    if not any(fnmatchcase(each, name) for each in ids)
                ]
        return tuple(sorted(missing))


def _is_about(rule: Rule, purpose: str | None) -> int:
    """Whether a rule is about debts of a purpose."""
    if rule.consumer and rule.commercial:
        return YES
    if purpose is None:
        return MAYBE
    return YES if (purpose == "consumer") is rule.consumer else NO


def _is_there(rule: Rule, certain: frozenset[str], possible: frozenset[str]) -> int:
    """Whether a rule binds where the debtor is, or may be."""
    if "any" in rule.jurisdictions or not rule.jurisdictions.isdisjoint(certain):
        return YES
    return NO if rule.jurisdictions.isdisjoint(possible) else MAYBE


def in_force(rule: Rule, days: tuple[date, ...]) -> bool:
    """Whether a rule is in force on any of the local days that it may be now."""
    return not (
        (rule.since is not None and max(days) < rule.since)
        or (rule.until is not None and min(days) > rule.until)
    )


def _opened(books: Iterable[RuleBook]) -> list[Rule]:
    """All rules, and besides each as the gates extend it."""
    plain = [rule for book in books for rule in book.rules]
    gates = [rule for rule in plain if rule.kind == "gate"]
    return plain + [opened for gate in gates for opened in _through(gate, plain, (gate,))]


def _through(gate: Rule, plain: Sequence[Rule], via: tuple[Rule, ...]) -> Iterable[Rule]:
    params: Gate = gate.params
    for rule in plain:
        if rule in via or not _named(rule.id, params.extends) or _named(rule.id, params.but_not):
            continue
        if rule.kind == "gate":
            if len(via) < CHAIN_MAX:
                yield from _through(rule, plain, (*via, rule))
            continue
        outer = via[0]
        channels = _common([rule.channels, *(each.channels for each in via)])
        if channels is not None and not channels:
            continue
        starts = [each.since for each in (rule, *via) if each.since is not None]
        ends = [each.until for each in (rule, *via) if each.until is not None]
        conditions = [each for one in via for each in (one.when, one.unless) if each is not None]
        yield replace(
            rule,
            jurisdictions=outer.jurisdictions,
            binds_first=outer.binds_first,
            binds_third=outer.binds_third,
            consumer=outer.consumer,
            commercial=outer.commercial,
            channels=channels,
            since=max(starts, default=None),
            until=min(ends, default=None),
            per_debt=rule.per_debt or any(each.per_debt for each in conditions),
            timed=rule.timed or any(each.timed for each in conditions),
            dated=rule.dated or any(each.dated for each in conditions),
            conditional=rule.conditional or any(each.timed or each.dated for each in conditions),
            via=via,
            base=rule,
        )


def _named(name: str, patterns: Sequence[str]) -> bool:
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), name) for each in patterns)


def _common(channels: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    found: frozenset[str] | None = None
    for each in channels:
        if each is not None:
            found = each if found is None else found & each
    return found


def limitation(
    books: Books, places: frozenset[str], contract_type: str | None
) -> tuple[int | None, bool]:
    """The shortest plausible period in years, and whether all that went into it was verified.

    None when a place has no row: nobody knows.
    """
    years: list[int] = []
    verified = contract_type is not None
    for place in places:
        for limit in books.limitation.get(place, ()):
            own = limit.years.get(contract_type or "")
            years.append(min(limit.years.values()) if own is None else own)
            verified = verified and own is not None and limit.verified_on is not None
    return (min(years) if years else None), verified
