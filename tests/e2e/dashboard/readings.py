"""What the dashboard reads beside figures, in the shapes of METRICS.md 4 to 9."""

from typing import Any

Answer = dict[str, Any]
BUCKETS = ["current", "1-30", "31-60", "61-90", "91-120", "121+"]


def reading(path: str) -> Answer | None:
    """The answer to a GET; None: there is no such thing."""
    if path in READINGS:
        return READINGS[path]
    if path == "/v1/matrices/roll-rate":
        return _roll()
    if path.endswith("/explain"):
        return _explained()
    if path.endswith("/restatements"):
        return {
            "items": [
                {"known_on": "2026-12-20", "value": 0.38439},
                {"known_on": "2026-12-24", "value": 0.40},
                {"known_on": "2026-12-31", "value": 0.4271},
            ]
        }
    return None


def _roll() -> Answer:
    columns = [*BUCKETS, "paid", "credited", "written_off"]
    rows = []
    for at, bucket in enumerate(BUCKETS):
        base = 0 if bucket == "121+" else 4_000_000 // (at + 1)
        shares = [0.0] * len(columns)
        shares[at], shares[min(at + 1, 5)], shares[6] = 0.2, 0.3 + (0.1 if at == 5 else 0), 0.4
        shares[7] = 1 - sum(shares)
        cells = [
            {"to": to, "value": round(base * part), "share": part if base else None}
            for to, part in zip(columns, shares, strict=True)
        ]
        rows.append({"bucket": bucket, "base": base, "cells": cells})
    return {"month": "2026-11", "currency": "EUR", "by": "amount", "complete": True, "rows": rows}


def _explained() -> Answer:
    fact = {
        "type": "payment-received", "at": "2026-11-12T11:00:00Z", "day": "2026-11-12",
        "recorded_at": "2026-11-12T11:00:04Z", "source_id": "P-77", "amount_minor": 120_00,
    }  # fmt: skip
    items = [
        {"account_id": f"C{n}", "kind": "invoice", "id": f"INV-10{n}", "day": "2026-11-12",
         "amount": 1_200_00 // n, "count": 1, "facts": [fact]}
        for n in range(1, 8)
    ]  # fmt: skip
    return {"total": sum(each["amount"] for each in items), "items": items, "next_cursor": None}


_OBJECTIVES = [
    {
        "id": "faster", "kpi": "average_days_to_pay", "unit": "days", "wanted": "at_most",
        "by": "2027-01-31", "provisional": False, "value": 39.4, "baseline": 44.0,
        "expected_today": 40.2, "target": 38, "verdict": "on_track", "because": "",
        "forecast": {"value": 37.6, "low": 36.1, "high": 39.8, "by": "2027-01-31", "weeks": 4, "errors": 12},
    },
    {
        "id": "cash", "kpi": "recovered", "unit": "minor", "wanted": "at_least",
        "by": "2027-01-31", "provisional": False, "value": 14_250_000, "baseline": 0,
        "expected_today": 16_000_000, "target": 25_000_000, "verdict": "off_track",
        "because": "Even the better end of the forecast does not reach the target.",
        "forecast": {"value": 22_000_000, "low": 20_500_000, "high": 23_600_000, "by": "2027-01-31", "weeks": 4, "errors": 12},
    },
]  # fmt: skip

_DOCUMENT: Answer = {
    "plan_id": "winter-2026", "title": "Winter: half of the new arrears within a month",
    "currency": "EUR", "from": "2026-10-01", "to": "2027-01-31",
    "objectives": [
        {"id": "faster", "kpi": "average_days_to_pay", "split": {"kind": "business"}, "days": 90,
         "at_most": 38, "by": "2027-01-31"},
        {"id": "cash", "kpi": "recovered", "days": "plan", "at_least": 25_000_000,
         "by": "2027-01-31", "why": "liquidity"},
    ],
}  # fmt: skip

_PLAN: Answer = {
    "plan_id": "winter-2026", "state": "running", "version": 2, "draft_version": None,
    "etag": '"2-1"', "started_on": "2026-10-01", "ended_on": None, "reason": None,
    "document": _DOCUMENT, "warnings": [],
    "versions": [
        {"version": 2, "edit": 1, "authors": ["ann"], "written_on": "2026-09-20",
         "approved_by": "bea", "approved_on": "2026-09-28", "holds_from": "2026-10-01"},
    ],
}  # fmt: skip

_SUMMARY: Answer = {
    "plan_id": "winter-2026", "title": _DOCUMENT["title"], "state": "running", "version": 2,
    "draft_version": None, "currency": "EUR", "from": "2026-10-01", "to": "2027-01-31",
    "started_on": "2026-10-01", "ended_on": None,
}  # fmt: skip

_PROGRESS: Answer = {
    "plan_id": "winter-2026", "state": "running", "version": 2, "day": "2026-12-30",
    "objectives": _OBJECTIVES,
    "budget": [
        {"id": "calls", "amount_minor": 1_800_000, "actual_minor": 1_100_000,
         "forecast": {"value": 1_700_000, "low": 1_600_000, "high": 1_850_000}, "state": "at_risk"},
        {"id": "messages", "amount_minor": 150_000, "actual_minor": 61_000,
         "forecast": {"value": 95_000, "low": 90_000, "high": 99_000}, "state": "within"},
        {"id": "unplanned", "amount_minor": None, "actual_minor": 3_000, "forecast": None, "state": None},
    ],
    "resources": {
        "people": [{"collector": "mia", "role": "collector", "planned_hours": 390.0,
                    "hours": 341.5, "share": 0.876, "missing": ["first-call"]}],
        "channels": [{"channel": "sms", "attempts": 21_000, "planned": 36_400, "share": 0.577}],
        "tools": ["dialler"], "training": ["first-call"],
    },
    "in_force": [
        {"kind": "strategy", "name": "consumer-retail", "planned": "2026-02-01",
         "in_force": "2026-02-01", "match": "same"},
        {"kind": "segments", "name": "segments", "planned": "7", "in_force": "8", "match": "other"},
    ],
    "contingencies": [{"id": "firmer", "state": "armed", "action": "activate_strategy", "triggered_on": None, "from_on": None, "because": None}],
    "reviews": {"last_on": "2026-12-03", "next_on": "2027-01-03", "overdue": False},
    "alerts": [],
}  # fmt: skip

_SERIES = [
    {"arm": "personal-call", "day": f"2026-03-{day:02}", "effect": 0.09 - day * 0.0005,
     "low": 0.09 - 0.9 / (day + 3), "high": 0.09 + 0.9 / (day + 3)}
    for day in range(1, 29)
]  # fmt: skip

_EXPERIMENT: Answer = {
    "name": "first-call", "run": 1, "status": "running", "champion": "standard",
    "started_on": "2026-01-15", "stopped_on": None, "because": None,
    "analysis": {
        "primary": {"metric": "recovered_share", "currency": "EUR", "worthwhile": 0.02},
        "start": "entered", "horizon_days": 30, "at_least": 100,
        "guardrails": [{"metric": "opted_out", "tolerance": 0.01}], "also": [], "stop_when": ["harmed"],
    },
    "arms": [
        {"arm": "standard", "share": 0.5, "enrolled": 1_204, "exposed": 812, "ripe": 640,
         "metrics": [
             {"metric": "recovered_share", "currency": "EUR", "role": "primary", "value": 0.521, "numerator": 521, "denominator": 1000},
             {"metric": "opted_out", "currency": None, "role": "guardrail", "value": 0.011, "numerator": 7, "denominator": 640},
         ]},
        {"arm": "personal-call", "share": 0.5, "enrolled": 1_198, "exposed": 798, "ripe": 633,
         "metrics": [
             {"metric": "recovered_share", "currency": "EUR", "role": "primary", "value": 0.600, "numerator": 521, "denominator": 1000},
             {"metric": "opted_out", "currency": None, "role": "guardrail", "value": 0.013, "numerator": 7, "denominator": 640},
         ]},
    ],
    "mismatch": {"evidence": 1.4, "is_mismatch": False},
    "comparisons": [
        {"arm": "personal-call", "metric": "recovered_share", "role": "primary", "effect": 0.079,
         "low": 0.031, "high": 0.127, "p": 0.0021, "decided_on": "2026-03-14", "verdict": "better"},
        {"arm": "personal-call", "metric": "opted_out", "role": "guardrail", "effect": 0.002,
         "low": -0.006, "high": 0.010, "p": 1.0, "decided_on": None, "verdict": "undecided"},
    ],
    "series": _SERIES,
    "verdict": "better",
    "words": "personal-call recovers 60.0 % of what was exposed, standard 52.1 %: 7.9 points more,"
    " between 3.1 and 12.7. Decided on 2026-03-14; wrong in at most 5 of 100 such experiments,"
    " however often one looks.",
}  # fmt: skip


def _rate(value: float, low: float, high: float, expected: float, word: str) -> Answer:
    return {"value": value, "low": low, "high": high, "expected": expected, "word": word,
            "peers": {"n": 6, "p25": 0.5, "median": 0.6, "p75": 0.7}}  # fmt: skip


def _person(collector: str, tasks: int, kept: float) -> Answer:
    return {
        "collector": collector, "tasks": tasks, "seconds_median": 312, "attempts": tasks * 2,
        "right_party_contact_rate": _rate(0.24, 0.2, 0.29, 0.22, "as expected"),
        "promise_rate": _rate(0.41, 0.33, 0.5, 0.36, "as expected"),
        "promise_kept_rate": _rate(kept, kept - 0.08, kept + 0.08, 0.6, "above" if kept > 0.7 else "as expected"),
        "recovered": [{"currency": "EUR", "amount_minor": tasks * 9_100}],
        "cost": [{"currency": "EUR", "amount_minor": tasks * 440}],
        "disputes_after": _rate(0.02, 0.01, 0.05, 0.03, "as expected"),
        "opt_outs_after": _rate(0.01, 0.0, 0.04, 0.01, "as expected"),
        "satisfaction": {"value": 0.84, "n": 25}, "review_score": 4.3, "reviews": 6, "recognitions": 2,
        "certificates": [{"name": "first-call", "valid_until": "2027-03-01", "suspended": False}],
    }  # fmt: skip


_EDGES = [
    {"from": a, "to": b, "count": n, "half_within": half,
     "waits": [{"class": "1 d", "count": n // 2}, {"class": "7 d", "count": n - n // 2}]}
    for a, b, n, half in (
        ("overdue-1", "contacted", 412, "3 d"), ("contacted", "reached", 198, "1 d"),
        ("reached", "promised", 88, "1 h"), ("promised", "promise-kept", 61, "7 d"),
        ("promised", "promise-broken", 27, "14 d"), ("contacted", "overdue-31", 144, "30 d"),
        ("promise-kept", "cured", 59, "1 h"),
    )
]  # fmt: skip

READINGS: dict[str, Answer] = {
    "/v1/alerts": {
        "items": [
            {"alert_id": "a1", "plan_id": "winter-2026", "rule": "late", "subject": "cash",
             "state": "raised", "raised_on": "2026-12-28", "days": [],
             "words": "Objective “cash” of Winter: off track for 3 days (28 to 30 December).",
             "acknowledged_by": None, "acknowledged_at": None, "note": None,
             "deliveries": [{"person": "lea", "day": "2026-12-30", "state": "not-configured",
                             "attempts": 0, "reason": None, "sent_at": None}]},
        ]
    },
    "/v1/plans": {"items": [_SUMMARY], "next_cursor": None},
    "/v1/plans/winter-2026": _PLAN,
    "/v1/plans/winter-2026/progress": _PROGRESS,
    "/v1/plans/winter-2026/reviews": {"items": [
        {"for_day": "2026-12-03", "is_final": False, "notes": "Cash is behind; business pays sooner.", "reviewed_by": "lea",
         "decisions": [{"text": "Two more hours of calls a day", "who": "mia", "by": "2026-12-10"}]},
    ]},
    "/v1/experiments": {
        "items": [
            {"name": "first-call", "run": 1, "status": "running", "champion": "standard",
             "started_on": "2026-01-15", "stopped_on": None},
        ]
    },
    "/v1/experiments/first-call": _EXPERIMENT,
    "/v1/matrices/cure": {
        "month": "2026-11", "at": "2026-12-31",
        "rows": [
            {"bucket": bucket, "accounts": 200 // at, "cured": 120 // at, "pending": 8 // at,
             "written_off": 2, "still": 200 // at - 120 // at - 8 // at - 2,
             "self_cured": 30 // at, "cured_share": 0.6}
            for at, bucket in enumerate(BUCKETS[1:], 1)
        ],
    },
    "/v1/cohorts": {
        "items": [
            {"cohort": f"2026-{month:02}", "base_minor": 4_000_000,
             "points": [
                 {"age": age, "on": f"2026-{month + age:02}-28",
                  "value": round(4_000_000 * (1 - 0.6**(age + 1)) * (1 - month / 100)),
                  "share": (1 - 0.6**(age + 1)) * (1 - month / 100)}
                 for age in range(13 - month)
             ]}
            for month in range(4, 12)
        ]
    },
    "/v1/people": {
        "items": [_person("team", 812, 0.64) | {"team": True}, _person("ann", 402, 0.78),
                  _person("bob", 210, 0.58), _person("mia", 200, 0.61)]
    },
    "/v1/people/ann": _person("ann", 402, 0.78) | {"conversations": [
        {"on": "2026-11-20", "notes": "Listening more before proposing.", "agreed": ["two calls a week together"], "by": "lea"},
    ]},
    "/v1/process": {
        "from": "2026-10-03", "to": "2026-12-31", "edges": _EDGES,
        "waiting": [{"step": "contacted", "accounts": 90, "over_7": 61, "over_14": 30, "over_30": 9},
                    {"step": "promised", "accounts": 22, "over_7": 10, "over_14": 2, "over_30": 0}],
        "loops": [{"step": "contacted", "accounts": 7}],
        "skips": [{"step": "overdue-31", "accounts": 12, "of_these_suppressed": 9}],
        "latency": [{"name": "overdue_detection", "n": 812, "p50": 64, "p90": 512, "p99": 4_096},
                    {"name": "till_a_person", "n": 41, "p50": 32, "p90": 128, "p99": 512}],
        "suppressed": [{"rule": "HOUSE-HOURS-PERSONS", "contacts": 74, "accounts": 60}],
        "payments": {"by_method": [{"method": "transfer", "count": 300}, {"method": "card", "count": 120}],
                     "matched_by_rule": 280, "matched_by_person": 20, "moved_later": 4, "given_up": 1},
    },
    "/v1/feedback": {
        "items": [], "value": 0.81, "numerator": 81, "denominator": 100, "mean": 4.2,
        "scores": {"1": 3, "2": 4, "3": 12, "4": 31, "5": 50},
    },
    "/v1/views/monday": {"name": "monday", "title": "Monday’s look", "page": "/receivables", "query": "segment=legal"},
    "/v1/views": {"items": [{"name": "monday", "title": "Monday’s look", "page": "/receivables",
                             "query": "segment=legal", "shared": True, "owner": "dev"}]},
}  # fmt: skip
