"""The rules of the books in force together: packs chosen by name, rules found by scope."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import tzdata  # type: ignore[import-untyped]

from services.outreach.compliance import gates
from services.outreach.compliance.books.records import Limit
from services.outreach.compliance.books.rule_book import RuleBook
from services.outreach.compliance.conditions.condition import MAYBE, NO, YES
from services.outreach.compliance.rule import Evaluate, Rule
from shared.errors import FieldError, Invalid, Unavailable

TZDATA_VERSION: str = tzdata.IANA_VERSION  # the data that every zone is read from
_CACHE_MAX = 4096  # scopes remembered


@dataclass(frozen=True)
class BoundRule:
    """A rule as it binds for a debt, and how surely."""

    rule: Rule
    truth: int  # YES, or MAYBE where its place or the debt's kind is not known
    evaluate: Evaluate | None
    named: bool  # whether an `allow` names it


class Scope:
    """The rules for a party, a medium, some places, some days and a kind of debt, in the order of
    the stages."""

    def __init__(self, bound: Sequence[BoundRule]) -> None:
        self.evaluated = tuple(each for each in bound if each.evaluate is not None)
        self.timed = tuple(each for each in self.evaluated if each.rule.timed)
        self.dated = tuple(each for each in self.evaluated if each.rule.timed or each.rule.dated)
        self.texts = tuple(each.rule for each in bound if each.rule.kind.texts is not None)
        self.evidence = tuple(each.rule for each in bound if each.rule.kind.evidence is not None)
        self.periods = tuple(each.rule for each in bound if each.rule.kind.period is not None)
        self.rules = frozenset(each.rule for each in bound)


class RuleSet:
    """The rules of the books in force together. Immutable; it only remembers what it worked out."""

    def __init__(self, books: Sequence[RuleBook]) -> None:
        self.books = tuple(sorted(books, key=lambda book: book.name))
        self.version = max((book.version for book in self.books), default="none")
        versions = {book.name: book.version for book in self.books}
        # One version for all, as they are shipped, says it; with a tenant's own, each is named.
        self.versions = versions if len(set(versions.values())) > 1 else None
        written = [rule for book in self.books for rule in book.rules]
        self.rules = tuple(sorted(written + gates.opened(written), key=lambda rule: rule.order))
        self.limitation: dict[str, list[Limit]] = {}
        for book in self.books:
            for limit in book.limitation:
                self.limitation.setdefault(limit.jurisdiction, []).append(limit)
        self._scopes: dict[Any, Scope] = {}
        self._alike: dict[tuple[BoundRule, ...], Scope] = {}
        self._selections: dict[Any, RuleSet] = {}
        oldest = max((book.tzdata_min or "" for book in self.books), default="")
        self._too_old = oldest if oldest > TZDATA_VERSION else None

    @classmethod
    def of(cls, books: Iterable[RuleBook]) -> "RuleSet":
        """The rules of these books. Raises `Invalid` where they contradict each other."""
        books = tuple(books)
        cls.check(books)
        return cls(books)

    @staticmethod
    def check(books: Iterable[RuleBook]) -> None:
        """Raises `Invalid` for two books of one name and for a rule that stands in two."""
        books = tuple(books)
        if _are_apart(books):
            return
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

    def select(self, packs: frozenset[str] | None) -> "RuleSet":
        """The books of these names; None: all that are law. Raises `Invalid` for an unknown one."""
        selected = self._selections.get(packs)
        if selected is not None:
            return selected
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
        selection = self if len(chosen) == len(self.books) else RuleSet(chosen)
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
        scope = self._scopes.get(key)
        if scope is None:
            if len(self._scopes) >= _CACHE_MAX:
                self._scopes.clear()
                self._alike.clear()
            bound = tuple(self._bound(party, channel, places, purpose, days))
            # On most days the same rules are in force: then it is the same scope.
            scope = self._scopes[key] = self._alike.setdefault(bound, Scope(bound))
        return scope

    def _bound(
        self,
        party: str,
        channel: str,
        places: tuple[frozenset[str], frozenset[str]],
        purpose: str | None,
        days: tuple[date, ...],
    ) -> Iterator[BoundRule]:
        binding: dict[Rule, int] = {}
        for rule in self.rules:
            if not (rule.binds_first if party == "first" else rule.binds_third):
                continue
            if rule.channels is not None and channel not in rule.channels:
                continue
            truth = _is_about(rule, purpose)
            place = _is_there(rule, *places)
            if truth != NO and place != NO and in_force(rule, days):
                binding[rule] = YES if truth == place == YES else MAYBE
        for rule, truth in binding.items():
            # A rule that binds by itself needs no gate.
            if rule.base is None or binding.get(rule.base) != YES:
                kind = rule.kind
                yield BoundRule(rule, truth, kind.evaluate, kind.named_when_satisfied)

    @property
    def missing_references(self) -> tuple[str, ...]:
        """What gates and `speaks_for` name and no rule here is called: a book to load, or a slip
        of the pen."""
        ids = {rule.id for book in self.books for rule in book.rules}
        missing = []
        for book in self.books:
            for rule in book.rules:
                names = [*rule.speaks_for, *rule.kind.references(rule.params)]
                missing += [
                    f"{rule.id} names {name}"
                    for name in names
                    if not any(fnmatchcase(each, name) for each in ids)
                ]
        return tuple(sorted(missing))


def _are_apart(books: Sequence[RuleBook]) -> bool:
    """Whether no name and no rule stands twice; they hardly ever do."""
    ids: set[str] = set()
    for book in books:
        if not ids.isdisjoint(book.rule_ids):
            return False
        ids |= book.rule_ids
    return len({book.name for book in books}) == len(books)


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
