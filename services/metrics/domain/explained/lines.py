"""What a figure is made of, as it is answered: with its facts, as JSON and as a table."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from services.metrics.domain.accounts import TENANT_ACCOUNT, AccountItems
from services.metrics.domain.explained.accounts import Adds, KeptAccount, days_of
from services.metrics.domain.explained.adding import Adding
from services.metrics.domain.explained.facts import FACTS_MAX, Told, facts_of_item, facts_within
from services.metrics.domain.kpis.kpi import Number, written
from shared.texts import plain_cell

CSV_COLUMNS = (
    "account_id", "kind", "id", "day", "amount", "count", "unit", "currency", "facts",
)  # fmt: skip


@dataclass(frozen=True)
class Writing:
    """How amounts are written. `is_whole`: in whole minor units, each rounded so that all before it
    and it together are rounded, as the figure is: so they add up to it."""

    is_whole: bool = False

    def amounts(self, adds: Iterable[Adds], before: Number) -> Iterable[int | float]:
        """Of things in order; `before`: what those before them come to."""
        sum_ = Fraction(before)
        for each in adds:
            next_sum = sum_ + each.amount
            yield round(next_sum) - round(sum_) if self.is_whole else written(each.amount)
            sum_ = next_sum

    def total(self, number: Number) -> int | float:
        return round(number) if self.is_whole else written(number)


def lines_of(
    accounts: Sequence[KeptAccount],
    adds: Sequence[Adds],
    adding: Adding | None,
    before: int,
    facts_of: Iterable[str],
) -> list[dict[str, Any]]:
    """Each thing with its facts, in order. `facts_of`: the kinds of items whose facts are shown of
    one that is of an account as a whole."""
    opened = {each.account_id: each.opened() for each in accounts}
    days = {} if adding is None else _days_of(opened, adds, adding, before)
    kinds = tuple(facts_of)
    return [
        _line(
            replace(each, day=each.day or days.get(each.place)),
            _facts_of(opened[each.account_id], each, before, kinds),
        )
        for each in adds
    ]


def _days_of(
    opened: Mapping[str, AccountItems], adds: Iterable[Adds], adding: Adding, before: int
) -> dict[tuple[str, str, str], date | None]:
    """On which day each thing last added anything."""
    by_account: dict[str, list[Adds]] = defaultdict(list)
    for each in adds:
        by_account[each.account_id].append(each)
    days: dict[tuple[str, str, str], date | None] = {}
    for account_id, mine in by_account.items():
        keys = [(each.kind, "" if each.kind == "account" else each.item_id) for each in mine]
        of_keys = days_of(opened[account_id], adding, before, keys)
        days |= {each.place: of_keys[key] for each, key in zip(mine, keys, strict=True)}
    return days


def _facts_of(items: AccountItems, adds: Adds, before: int, kinds: Sequence[str]) -> list[Told]:
    if adds.within is not None:
        return facts_within(items, adds.within, before, kinds)
    item = items.by_key[adds.kind, adds.item_id]
    return facts_of_item(adds.kind, adds.item_id, item.facts, before)


def _line(adds: Adds, facts: Sequence[Told]) -> dict[str, Any]:
    shown = facts[-FACTS_MAX:]
    return {
        "account_id": None if adds.account_id == TENANT_ACCOUNT else adds.account_id,
        "kind": adds.kind,
        "id": adds.item_id,
        "day": adds.day,
        "amount": written(adds.amount),
        "count": written(adds.count),
        "facts": [
            {
                "type": fact.type,
                "at": fact.at,
                "day": fact.day,
                "recorded_at": fact.recorded_at,
                "source_id": fact.source_id,
                "amount_minor": None if fact.amount is None else written(fact.amount),
                "detail": fact.detail,
            }
            for fact in shown
        ],
        "more_facts": len(facts) - len(shown),
    }


def csv_of_lines(lines: Iterable[Mapping[str, Any]], unit: str, currency: str | None) -> bytes:
    """All of it as a table, a line per thing; of its facts type, day, amount and source."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for line in lines:
        facts = "; ".join(map(_fact_in_words, line["facts"]))
        values = [line["account_id"] or "", line["kind"], line["id"]]
        numbers = [line["day"] or "", line["amount"], line["count"]]
        writer.writerow([*map(plain_cell, values), *numbers, unit, currency or "", facts])
    return out.getvalue().encode()


def _fact_in_words(fact: Mapping[str, Any]) -> str:
    words = (fact["type"], fact["day"], fact["amount_minor"], fact["source_id"])
    return " ".join(str(word) for word in words if word is not None)
