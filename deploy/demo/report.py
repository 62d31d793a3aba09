"""What a demo found, as data: the same for the same seed, but for `timing`."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from deploy.demo.calls import Calls
from deploy.demo.days import DaysResult
from deploy.demo.platform import Platform
from deploy.demo.source import Source
from shared.clock import ONE_DAY
from shared.database import Database
from shared.events import BILLING, TOPICS, producer
from shared.log import outbox

Report = dict[str, Any]

# By currency and segment; the amounts are in minor units.
MONEY_KPIS = (
    "recovery_rate",
    "dso",
    "best_possible_dso",
    "average_days_delinquent",
    "average_days_late",
    "collection_effectiveness_index",
    "invoiced",
    "received",
)
CONTACT_KPIS = {
    "contacts": "result",
    "contacts_planned": "channel",
    "contacts_suppressed": "rule",
    "contacts_cancelled": "channel",
    "contacts_failed": "channel",
}
_SLICE = 5000


class _Typed(Struct, frozen=True):
    """Of an event's attributes, the one that is counted."""

    type: str


_typed = msgspec.json.Decoder(_Typed)


async def make_report(
    calls: Calls, platform: Platform, source: Source, worked: DaysResult, asked: Report
) -> Report:
    """Ask the services for the figures of all the days."""
    first, last = source.first_day, source.first_day + (source.days - 1) * ONE_DAY
    integrity = await calls.get("ledger", "/v1/integrity")
    events = await _count_events(platform)
    return {
        **asked,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "days": source.days,
        "accounts": source.accounts,
        "kpis": {name: await _money(calls, name, first, last) for name in MONEY_KPIS},
        "aging": await _aging(calls, last),
        "contacts": {
            name: await _contacts(calls, name, split, first, last)
            for name, split in CONTACT_KPIS.items()
        },
        "runs": dict(sorted(worked.runs.items())),
        "events": {"billing.events": dict(sorted(worked.billing.items())), **events},
        "refused": [*source.refused, *worked.refused],
        "integrity": {item["name"]: item["violations"] for item in integrity["items"]},
    }


def event_count(report: Report) -> int:
    """All events of all topics."""
    return sum(sum(types.values()) for types in report["events"].values())


async def _money(calls: Calls, name: str, first: date, last: date) -> dict[str, Any]:
    """A KPI by currency, and by segment in it."""
    window = {"from": first.isoformat(), "to": last.isoformat()}
    whole = await calls.get("metrics", f"/v1/kpis/{name}", **window, group_by="currency")
    split = await calls.get("metrics", f"/v1/kpis/{name}", **window, group_by="currency,segment")
    found: dict[str, Any] = {}
    for group in whole["groups"]:
        found[group["key"]["currency"]] = {"unit": whole["unit"], **_figures(group), "segments": {}}
    for group in split["groups"]:
        key = group["key"]
        found[key["currency"]]["segments"][key["segment"] or ""] = _figures(group)
    return found


async def _aging(calls: Calls, last: date) -> dict[str, Any]:
    answer = await calls.get(
        "metrics", "/v1/kpis/aging", to=last.isoformat(), group_by="currency,bucket"
    )
    found: dict[str, dict[str, int]] = {}
    for group in answer["groups"]:
        key = group["key"]
        found.setdefault(key["currency"], {})[key["bucket"]] = group["value"]
    return found


async def _contacts(calls: Calls, name: str, split: str, first: date, last: date) -> dict[str, Any]:
    # A day more: where the day begins first, it is tomorrow when the last day ends.
    window = {"from": first.isoformat(), "to": (last + ONE_DAY).isoformat()}
    answer = await calls.get("metrics", f"/v1/kpis/{name}", **window, group_by=split)
    return {
        "value": answer["value"],
        **{str(group["key"][split]): group["value"] for group in answer["groups"]},
    }


def _figures(group: dict[str, Any]) -> dict[str, Any]:
    return {name: group[name] for name in ("value", "numerator", "denominator")}


async def _count_events(platform: Platform) -> dict[str, dict[str, int]]:
    """What was published, by topic and type: the outboxes are the log."""
    producers = sorted({producer(topic) for topic in TOPICS if topic != BILLING})
    counted = await asyncio.gather(*(_count_of(platform, name) for name in producers))
    return _sorted(pair for count in counted for pair in count.items())


async def _count_of(platform: Platform, service: str) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    topics = [topic for topic in TOPICS if producer(topic) == service]
    db = Database(platform.database(service), pool_size=1, application="recoup-demo")
    try:
        after = 0
        while rows := await outbox.read(db, after=after, topics=topics, limit=_SLICE):
            counts.update((row.topic, _typed.decode(row.headers).type) for row in rows)
            after = rows[-1].seq
    finally:
        await db.close()
    return counts


def _sorted(counts: Iterable[tuple[tuple[str, str], int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (topic, kind), count in sorted(counts):
        found.setdefault(topic, {})[kind] = count
    return found
