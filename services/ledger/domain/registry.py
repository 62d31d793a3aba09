"""All kinds of facts by the type of their event, and all nouns: what `kinds/` declares."""

from collections.abc import Mapping
from datetime import date, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from msgspec import Struct

from services.ledger.domain import kinds
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact
from services.ledger.domain.kinds import Kind, Noun
from services.ledger.domain.state import AccountState


def _declared() -> dict[str, Kind[Any]]:
    found: dict[str, Kind[Any]] = {}
    for module in iter_modules(kinds.__path__, f"{kinds.__name__}."):
        for kind in import_module(module.name).KINDS:
            assert kind.type not in found, kind.type
            found[kind.type] = kind
    return found


KINDS: Mapping[str, Kind[Any]] = _declared()


def _nouns() -> dict[str, Noun[Any]]:
    found: list[Noun[Any]] = []
    for module in iter_modules(kinds.__path__, f"{kinds.__name__}."):
        found += getattr(import_module(module.name), "NOUNS", ())
    found.sort(key=lambda noun: noun.order)
    by_name = {noun.name: noun for noun in found}
    assert len(by_name) == len(found), [noun.name for noun in found]
    return by_name


NOUNS: Mapping[str, Noun[Any]] = _nouns()  # in the order in which they conclude


def fact_id_of(kind: str, source: str, event_id: str, data: Struct) -> str:
    """The id that, with tenant and kind, says whether two messages are the same fact."""
    return KINDS[kind].fact_id(source, event_id, data)


def kept(kind: str, data: Struct) -> Struct:
    """The data of an event as a fact of its kind keeps it: there may be more to a fact."""
    cls = KINDS[kind].data
    if type(data) is cls:
        return data
    kept_data: Struct = cls(**{name: getattr(data, name) for name in data.__struct_fields__})
    return kept_data


def cause_of(fact: Fact) -> str:
    """What `because` and our event ids call this fact: `payment P2`."""
    return KINDS[fact.kind].cause(fact)


def view_of(state: AccountState, fact: Fact, at: datetime, begun_on: date | None) -> View:
    """The account after a fact, as the fact's events show it."""
    return View(state, fact, cause_of(fact), at, begun_on)
