"""What a demo found, as data: the same for the same seed, but for `timing`."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from deploy.demo.calls import Calls
from deploy.demo.days import DemoDays
from deploy.demo.metrics_figures import faults_of_sums, metrics_figures
from deploy.demo.opening import CAPACITY
from deploy.demo.outreach_figures import Announced, figures_of
from deploy.demo.platform import Platform
from deploy.demo.promises_kept import violations
from deploy.demo.source import Source
from shared.clock import ONE_DAY
from shared.database import Database
from shared.events import BILLING, LEDGER, OUTREACH, TOPICS, producer
from shared.log import outbox
from shared.log.wire import OutboxRow

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
AGREEMENTS = ("promise", "plan", "instalment", "settlement", "dispute", "approval")
# Of the ledger's events, those whose amounts are summed by currency, and what names each: said
# again, the last one counts.
_SUMMED = {
    "promise-made": ("promised", "promise_id"),
    "plan-agreed": ("planned", "plan_id"),
    "settlement-completed": ("conceded", "settlement_id"),
    "fee-charged": ("fees", "charge_id"),
    "interest-charged": ("interest", "charge_id"),
    "account-written-off": ("written off", "write_off_id"),
    "recovery-received": ("recovered", "payment_id"),
}
_MEMBERS = ("conceded_minor", "total_minor", "amount_minor")  # the first that is there
_SLICE = 5000
_EXAMPLES = 20
_RECORDS = 25  # contact records that are checked


class _Typed(Struct, frozen=True):
    """Of an event's attributes, those that are looked at."""

    type: str
    time: str
    recordedtime: str


_typed = msgspec.json.Decoder(_Typed)


async def make_report(
    calls: Calls, platform: Platform, source: Source, working: DemoDays, asked: Report
) -> Report:
    """Ask the services for the figures of all the days."""
    worked = working.worked
    first, last = source.first_day, source.first_day + (source.days - 1) * ONE_DAY
    integrity = await calls.get("ledger", "/v1/integrity")
    events = await _count_events(platform)
    announced = [each async for each in _announced(platform)]
    done = await calls.get("outreach", "/v1/integrity")
    waiting = await calls.get("outreach", "/v1/inbound", state="open")
    broken = violations(announced, CAPACITY) | await faults_of_sums(calls, first, last)
    ledger = events.get(LEDGER, {})
    return {
        **asked,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "days": source.days,
        "accounts": source.accounts,
        "kpis": {name: await _money(calls, name, first, last) for name in MONEY_KPIS},
        "aging": await _aging(calls, last),
        "metrics": await metrics_figures(
            calls, first, last, is_planned=source.planned_in is not None
        ),
        "days begun in metrics": dict(sorted(working.manager.begun.items())),
        "contacts": {
            name: await _contacts(calls, name, split, first, last)
            for name, split in CONTACT_KPIS.items()
        },
        "asked": dict(sorted((worked.asked + working.desk.asked).items())),
        "agreements": {noun: _states(ledger, noun) for noun in AGREEMENTS},
        "amounts": await _sums(platform),
        "runs": dict(sorted(worked.runs.items())),
        "events": {"billing.events": dict(sorted(worked.billing.items())), **events},
        "refused": [*source.refused, *worked.refused],
        "answers": dict(sorted(worked.answers.items())),
        "desk": {
            "dispositions": dict(sorted(working.desk.done.items())),
            "calls refused": dict(sorted(working.desk.verdicts.items())),
            "decided": dict(sorted(working.desk.decided.items())),
            "agreed": dict(sorted(working.desk.asked.items())),
        },
        "dialled": dict(sorted(working.dialler.made.items())),
        "outreach": figures_of(announced),
        "integrity": {item["name"]: item["violations"] for item in integrity["items"]},
        "violations": {name: found[:_EXAMPLES] for name, found in broken.items() if found},
        "outreach integrity": {item["name"]: item["violations"] for item in done["items"]},
        "kept": {
            **{name: len(found) for name, found in broken.items()},
            "what comes in ends": len(waiting["items"]),
            "contact records verify": await _broken_records(calls, platform, announced),
        },
    }


async def _broken_records(calls: Calls, platform: Platform, announced: Sequence[Announced]) -> int:
    """Of some accounts that were contacted, with the program that needs nothing but the file."""
    contacted = {event.data["account_id"] for event in announced if event.type == "contact-sent"}
    broken = 0
    for account_id in sorted(contacted)[:_RECORDS]:
        file = platform.data / "contact-record.ndjson"
        file.write_bytes(await calls.contact_record(account_id))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.outreach.verify", str(file),
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        broken += await process.wait() != 0
        file.unlink()
    return broken


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


def _states(counts: Mapping[str, int], noun: str) -> dict[str, int]:
    """How often each thing was announced of a noun: `promise-kept` is `kept`."""
    prefix = f"{noun}-"
    return {
        kind.removeprefix(prefix): count
        for kind, count in counts.items()
        if kind.startswith(prefix)
    }


async def _announced(platform: Platform) -> AsyncIterator[Announced]:
    """What the ledger and outreach said, each in its order."""
    for topic in (LEDGER, OUTREACH):
        async for row, kind in _rows(platform, producer(topic), [topic]):
            told = _typed.decode(row.headers)
            # The ledger records in the instant to which its day has begun: never before it knew.
            times = [datetime.fromisoformat(each) for each in (told.time, told.recordedtime)]
            data = msgspec.json.decode(row.payload or "{}")
            yield Announced(topic, kind, max(times), data)


async def _sums(platform: Platform) -> dict[str, dict[str, int]]:
    """What was agreed, conceded, charged, written off and recovered, by currency."""
    last: dict[tuple[str, str, str, str], tuple[str, int]] = {}
    async for row, kind in _rows(platform, producer(LEDGER), [LEDGER]):
        if (named := _SUMMED.get(kind)) is not None:
            name, member = named
            data = msgspec.json.decode(row.payload or "{}")
            amount = next((data[each] for each in _MEMBERS if data.get(each) is not None), 0)
            which = (name, data["account_id"], data[member], data.get("invoice_id") or "")
            last[which] = (data["currency"], amount)
    found: dict[str, dict[str, int]] = {name: {} for name, _ in _SUMMED.values()}
    for (name, *_), (currency, amount) in sorted(last.items()):
        found[name][currency] = found[name].get(currency, 0) + amount
    return {name: dict(sorted(sums.items())) for name, sums in found.items()}


def _figures(group: dict[str, Any]) -> dict[str, Any]:
    return {name: group[name] for name in ("value", "numerator", "denominator")}


async def _count_events(platform: Platform) -> dict[str, dict[str, int]]:
    """What was published, by topic and type: the outboxes are the log."""
    producers = sorted({producer(topic) for topic in TOPICS if topic != BILLING})
    counted = await asyncio.gather(*(_count_of(platform, name) for name in producers))
    return _sorted(pair for count in counted for pair in count.items())


async def _count_of(platform: Platform, service: str) -> Counter[tuple[str, str]]:
    topics = [topic for topic in TOPICS if producer(topic) == service]
    counts: Counter[tuple[str, str]] = Counter()
    async for row, kind in _rows(platform, service, topics):
        counts[row.topic, kind] += 1
    return counts


async def _rows(
    platform: Platform, service: str, topics: list[str]
) -> AsyncIterator[tuple[OutboxRow, str]]:
    """All rows of a service's outbox, each with the type of its event."""
    db = Database(platform.database(service), pool_size=1, application="recoup-demo")
    try:
        after = 0
        while rows := await outbox.read(db, after=after, topics=topics, limit=_SLICE):
            for row in rows:
                yield row, _typed.decode(row.headers).type
            after = rows[-1].seq
    finally:
        await db.close()


def _sorted(counts: Iterable[tuple[tuple[str, str], int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (topic, kind), count in sorted(counts):
        found.setdefault(topic, {})[kind] = count
    return found
