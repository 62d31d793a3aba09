"""Facts as others can read them: members by their names, moments of knowledge as instants."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from services.metrics.domain.kinds.registry import unpack_account, unpack_item
from services.metrics.domain.slots import recorded_by, slot_start

ACCOUNT = "account"  # the kind of what is known of an account itself
_DAYS = ("day", "issued_on", "on", "due_on")  # of a fact, the first that it has
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class PackedItem(NamedTuple):
    """An item as it is stored."""

    account_id: str
    kind: str
    item_id: str
    content: bytes


def facts_of(item: PackedItem, recorded_before: int) -> list[Any]:
    """What was known of it before a moment, in the order of its topic."""
    if item.kind != ACCOUNT:
        return list(recorded_by(unpack_item(item.kind, item.content).facts, recorded_before - 1))
    account = unpack_account(item.content)
    facts: list[Any] = [*account.profiles, *account.segments]
    return [fact for fact in facts if fact.recorded_slot < recorded_before]


def items_as_lines(
    items: Sequence[PackedItem], cursors: Sequence[str], recorded_before: int
) -> bytes:
    """JSON lines, one an item, each with the cursor that goes on after it."""
    lines = []
    for item, cursor in zip(items, cursors, strict=True):
        facts = facts_of(item, recorded_before)
        if facts:
            line = {
                "account_id": item.account_id,
                "kind": item.kind,
                "id": item.item_id,
                "facts": [named_fact(fact) for fact in facts],
                "cursor": cursor,
            }
            lines.append(msgspec.json.encode(line) + b"\n")
    return b"".join(lines)


def items_as_parquet(items: Sequence[PackedItem], recorded_before: int) -> bytes:
    """A file of columns, one fact a line."""
    from services.metrics.domain.parquet import facts_table  # a large library, rarely needed

    return facts_table(list(_rows(items, recorded_before)))


def _rows(items: Iterable[PackedItem], recorded_before: int) -> Iterator[dict[str, Any]]:
    for item in items:
        for number, fact in enumerate(facts_of(item, recorded_before), 1):
            members = named_fact(fact)
            amount = members.get("amount_minor")
            yield {
                "account_id": item.account_id,
                "kind": item.kind,
                "id": item.item_id,
                "number": number,
                "type": members.pop("type"),
                "recorded_at": members.pop("recorded_at"),
                "day": next((members[name] for name in _DAYS if _is_day(members, name)), None),
                "currency": members.get("currency"),
                "amount_minor": amount if isinstance(amount, int) else None,
                "data": msgspec.json.encode(members).decode(),
            }


def _is_day(members: dict[str, Any], name: str) -> bool:
    value = members.get(name)
    return isinstance(value, date) and not isinstance(value, datetime)


def named_fact(fact: Struct) -> dict[str, Any]:
    """A fact's members by their names. `type` is what kind of fact it is."""
    members = _named(fact)
    slot = members.pop("recorded_slot")
    recorded_at = slot_start(slot)
    words = _WORD.sub("-", type(fact).__name__).lower()
    return {"type": words, "recorded_at": recorded_at, **members}


def _named(value: Any) -> Any:
    if isinstance(value, Struct):
        return {name: _named(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [_named(each) for each in value]
    return value
