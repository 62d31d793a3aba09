"""What metrics says of all the days: the key figures, the plan, the experiment, the
people, the process; and whether its sums are those of the ledger's journal."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from deploy.demo import steering
from deploy.demo.calls import Calls
from shared.clock import ONE_DAY

Figures = dict[str, Any]
Sums = dict[str, int]  # by currency

# In one currency, by the rates of the days; those of contacts know none.
OF_MONEY = (
    "recovery_rate", "liquidation_rate", "dso", "dso_countback", "collection_effectiveness_index",
    "average_days_to_pay", "time_to_recover", "at_risk_rate", "promise_kept_rate",
    "write_off_rate", "cost_to_collect",
)  # fmt: skip
OF_CONTACTS = ("cure_rate", "contact_rate", "right_party_contact_rate", "opt_out_rate")
# Of the ledger's accounts, those that together are one of metrics' sums, with their sign.
_IN_JOURNAL: Mapping[str, Mapping[str, int]] = {
    "open": {"receivable": 1},
    "receivables": {"receivable": 1, "charges-receivable": 1, "unapplied-credit": 1},
    "received": {"cash": 1, "agency-commission": 1, "agency-payable": 1},
    "written off": {"bad-debt": 1, "recoveries": 1},
}


async def metrics_figures(calls: Calls, first: date, last: date, *, is_planned: bool) -> Figures:
    """All of it, for the report."""
    window = {"from": first.isoformat(), "to": last.isoformat()}
    people = await calls.get("metrics", "/v1/people", **window)
    process = await calls.get("metrics", "/v1/process", **window)
    shown: Figures = {
        "figures": await _key_figures(calls, window),
        "people": {each["collector"] or "team": _person(each) for each in people["items"]},
        "process": {f"{edge['from']} > {edge['to']}": edge["count"] for edge in process["edges"]},
    }
    if is_planned:
        shown |= await _steered(calls)
    return shown


async def _key_figures(calls: Calls, window: dict[str, str]) -> dict[str, Any]:
    questions = [
        *({"kpi": name, "in": "EUR", **window} for name in OF_MONEY),
        *({"kpi": name, **window} for name in OF_CONTACTS),
    ]
    answer = await calls.act(
        "metrics", "POST", "/v1/query", {"questions": questions}, steering.AUTHOR
    )
    return {
        item["name"]: {name: item[name] for name in ("unit", "value", "numerator", "denominator")}
        for item in answer["items"]
    }


def _person(shown: dict[str, Any]) -> dict[str, Any]:
    rates = ("right_party_contact_rate", "promise_rate", "promise_kept_rate")
    return {
        **{name: shown[name] for name in ("tasks", "attempts", "reviews")},
        **{name: [shown[name][part] for part in ("value", "n", "word")] for name in rates},
    }


async def _steered(calls: Calls) -> Figures:
    """What became of the plan, its alerts and the experiment."""
    progress = await calls.get("metrics", f"/v1/plans/{steering.PLAN}/progress")
    experiment = await calls.get("metrics", f"/v1/experiments/{steering.EXPERIMENT}")
    alerts = await calls.listed("metrics", "/v1/alerts")
    return {
        "plan": {
            "state": progress["state"],
            "objectives": {
                each["id"]: {name: each[name] for name in ("unit", "value", "target", "verdict")}
                for each in progress["objectives"]
            },
            "budget": {each["id"]: each["state"] or "unplanned" for each in progress["budget"]},
            "contingencies": {each["id"]: each["state"] for each in progress["contingencies"]},
        },
        "alerts": dict(sorted(Counter(f"{a['rule']} {a['state']}" for a in alerts).items())),
        "experiment": {
            "verdict": experiment["verdict"],
            "words": experiment["words"],
            "arms": {
                arm["arm"]: {name: arm[name] for name in ("enrolled", "exposed", "ripe")}
                for arm in experiment["arms"]
            },
        },
    }


async def faults_of_sums(calls: Calls, first: date, last: date) -> dict[str, list[str]]:
    """By what is compared, where metrics and the ledger's journal differ."""
    booked = await _booked(calls)
    # A day more: where the day begins first, it is tomorrow when the last day ends.
    window = {"from": (first - ONE_DAY).isoformat(), "to": (last + ONE_DAY).isoformat()}
    found = {
        "open": await _by_currency(calls, "aging", {"to": window["to"]}, "value"),
        "receivables": await _by_currency(calls, "dso", window, "numerator"),
        "received": await _by_currency(calls, "received", window, "value"),
        "written off": await _by_currency(calls, "written_off", window, "value"),
    }
    return {
        f"metrics has the journal's sums: {name}": [
            f"{currency}: the journal has {booked[name].get(currency, 0)}, "
            f"metrics {sums.get(currency, 0)}"
            for currency in sorted({*sums, *booked[name]})
            if sums.get(currency, 0) != booked[name].get(currency, 0)
        ]
        for name, sums in found.items()
    }


async def _booked(calls: Calls) -> dict[str, Sums]:
    totals: dict[str, Sums] = {name: {} for name in _IN_JOURNAL}
    async for entry in calls.journal():
        currency = entry["currency"]
        for account, amount in entry["postings"]:
            for name, signs in _IN_JOURNAL.items():
                if account in signs:
                    sums = totals[name]
                    sums[currency] = sums.get(currency, 0) + signs[account] * int(amount)
    return totals


async def _by_currency(calls: Calls, kpi: str, window: dict[str, str], member: str) -> Sums:
    answer = await calls.get("metrics", f"/v1/kpis/{kpi}", **window, group_by="currency")
    return {group["key"]["currency"]: group[member] or 0 for group in answer["groups"]}
