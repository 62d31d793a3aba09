"""Announcing how objects changed: what was published and is not so, then what is new."""

from collections.abc import Mapping
from operator import attrgetter

from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.consequences import announce_in_parts
from services.ledger.domain.credits import CreditKey
from services.ledger.domain.events import View
from services.ledger.domain.news import News
from services.ledger.domain.objects import AccountObject, Key
from services.ledger.domain.registry import NOUNS
from services.ledger.domain.slices import SLICE_ENTRIES, Slices
from shared.clock import local_day

_ORDER = {name: number for number, name in enumerate(NOUNS)}


def _turn(key: Key) -> tuple[int, str]:
    return (_ORDER[key[0]], key[1])


class ObjectNews:
    """What is to be announced of the objects that a fact, a boundary or several changed."""

    __slots__ = ("_builder", "_corrections", "_new", "_view", "carried")

    def __init__(self, builder: DecisionBuilder, view: View) -> None:
        self._builder = builder
        self._view = view
        self._corrections: list[News] = []
        self._new: list[News] = []
        self.carried: set[CreditKey] = set()  # whose histories the events show

    def find(self, changed: Mapping[Key, AccountObject | None]) -> Slices[None]:
        """Compare objects with what they were (None: not there)."""
        known = self._view.state.objects.values
        changed = {key: was for key, was in changed.items() if was != known.get(key)}
        self._builder.changed_objects.update(changed)
        for number, key in enumerate(sorted(changed, key=_turn), start=1):
            noun = NOUNS[key[0]]
            if noun.news is not None:
                for news in noun.news(self._view, changed[key], known.get(key)):
                    (self._new if news.is_new else self._corrections).append(news)
                    self.carried.update(news.carries)
            if not number % SLICE_ENTRIES:
                yield
        self._corrections.sort(key=attrgetter("turn"))
        self._new.sort(key=attrgetter("time", "turn"))

    def announce_corrections(self) -> None:
        for news in self._corrections:
            self._announce(news)

    def announce_new(self) -> None:
        for news in self._new:
            self._announce(news)

    def _announce(self, news: News) -> None:
        view = self._view
        day = news.day or local_day(news.time, view.state.zone)
        announce_in_parts(
            self._builder,
            news.type,
            news.entity,
            news.cause,
            news.time,
            day,
            news.data,
            view.fact_if_any,
        )
