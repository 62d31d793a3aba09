"""What the dashboard is answered in its tests: figures in the shapes of the contract, made up once.

They are no truth of any ledger; they only stay the same, and move when a test says so.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
Parameters = Mapping[str, Any]
Answer = dict[str, Any]

_MONEY = ["currency", "segment", "country", "kind", "arm"]
_SOLD = ["currency", "segment", "country"]
_CONTACT = ["channel", "strategy", "segment", "country", "kind", "collector", "arm"]
# name: unit, better, splits, value, numerator, denominator
KPIS: dict[str, tuple[str, str | None, list[str], float | None, float | None, float | None]] = {
    "recovery_rate": ("ratio", "higher", _MONEY, 0.4271, 4_271_000, 10_000_000),
    "liquidation_rate": ("ratio", "higher", [*_MONEY, "agency"], 0.3164, 1_582_000, 5_000_000),
    "dso": ("days", "lower", _SOLD, 41.26, 8_252_000, 18_000_000),
    "dso_countback": ("days", "lower", _SOLD, 44.8, 8_252_000, None),
    "best_possible_dso": ("days", "lower", _SOLD, 28.9, 5_780_000, 18_000_000),
    "average_days_delinquent": ("days", "lower", _SOLD, 12.36, 2_472_000, 18_000_000),
    "average_days_late": ("days", "lower", _MONEY, 12.4, 1_240, 100),
    "average_days_to_pay": ("days", "lower", _MONEY, 26.8, 268_000, 10_000),
    "collection_effectiveness_index": ("ratio", "higher", _SOLD, 0.815, 815, 1_000),
    "cure_rate": ("ratio", "higher", ["segment", "country", "kind", "arm"], 0.61, 122, 200),
    "at_risk_rate": ("ratio", "lower", _MONEY, 0.084, 1_512_000, 18_000_000),
    "cost_to_collect": (
        "ratio",
        "lower",
        ["currency", "channel", "collector", "strategy", "arm"],
        0.0312,
        133_255,
        4_271_000,
    ),
    "promise_rate": ("ratio", "higher", _CONTACT, 0.37, 111, 300),
    "promise_kept_rate": ("ratio", "higher", [*_MONEY, "collector", "channel"], 0.66, 73, 111),
    "contact_rate": ("ratio", "higher", _CONTACT, 0.43, 552, 1_284),
    "right_party_contact_rate": ("ratio", "higher", _CONTACT, 0.2336, 300, 1_284),
    "dispute_rate": ("ratio", "lower", _MONEY, 0.031, 31, 1_000),
    "roll_rate": ("ratio", "lower", [*_MONEY, "bucket"], 0.28, 2_100, 7_500),
    "time_to_recover": ("days", "lower", _MONEY, 20.0, 7_000_000, 12_000_000),
    "write_off_rate": ("ratio", "lower", _MONEY, 0.011, 135_800, 12_345_678),
    "loss_reduction": ("ratio", "higher", _MONEY, 0.12, None, None),
    "retention_rate": ("ratio", "higher", ["segment", "country", "kind", "arm"], 0.74, 74, 100),
    "satisfaction": ("ratio", "higher", ["channel", "collector", "arm", "segment"], 0.81, 81, 100),
    "opt_out_rate": ("ratio", "lower", ["channel", "segment"], 0.012, 15, 1_284),
    "suppressed_contact_rate": ("ratio", None, ["rule", *_CONTACT], 0.1042, 149, 1_433),
    "contacts": ("count", None, ["result", *_CONTACT], 1_284, 1_284, None),
    "contacts_suppressed": ("count", None, ["rule", *_CONTACT], 149, 149, None),
    "invoiced": ("minor", None, _MONEY, 12_345_678, 12_345_678, None),
    "received": ("minor", "higher", [*_MONEY, "method"], 9_876_543, 9_876_543, None),
    "recovered": ("minor", "higher", [*_MONEY, "channel"], 4_271_000, 4_271_000, None),
    "entered": ("minor", None, _MONEY, 5_000_000, 5_000_000, None),
    "written_off": ("minor", "lower", _MONEY, 135_800, 135_800, None),
    "cost": ("minor", "lower", ["currency", "channel", "collector"], 133_255, 133_255, None),
    "aging": ("minor", None, ["bucket", *_MONEY], 9_100_000, 9_100_000, None),
}
PARTS: dict[str, dict[str, float]] = {
    "bucket": {
        "current": 4_200_000 / 9_100_000, "1-30": 2_100_000 / 9_100_000,
        "31-60": 1_250_000 / 9_100_000, "61-90": 800_000 / 9_100_000,
        "91-120": 450_000 / 9_100_000, "121+": 300_000 / 9_100_000,
    },
    "segment": {
        "current": 0.4, "self-cure": 0.25, "reminder": 0.15, "negotiate": 0.12, "legal": 0.08,
    },
    "country": {"DE": 0.6, "FR": 0.3, "ES": 0.1},
    "kind": {"consumer": 0.7, "business": 0.3},
    "channel": {"email": 0.55, "sms": 0.2, "voice": 0.15, "letter": 0.1},
    "rule": {"HOUSE-HOURS-PERSONS": 0.5, "DE-UWG-7": 0.3, "CAP-WEEK": 0.2},
    "collector": {"ann": 0.5, "bob": 0.3, "mia": 0.2},
    "score": {},
}  # fmt: skip
_EXTRA: dict[str, Answer] = {
    "cure_rate": {"self_cured": 34, "pending": 11},
    "at_risk_rate": {"unripe_minor": 3_400_000},
    "contact_rate": {"grows_until": "2027-01-30"},
    "satisfaction": {"mean": 4.2},
    "time_to_recover": {"mean": 24.5, "p90": None, "restricted_to": 49},
    "cost_to_collect": {"untouched_minor": 420_000},
}
_FLOWS = frozenset({"contacts", "contacts_suppressed", "invoiced", "received", "recovered",
                    "entered", "written_off", "cost"})  # fmt: skip
_STEPS = {"day": 1, "week": 7, "month": 30}


def catalogue() -> Answer:
    return {
        "items": [
            {"name": name, "definition": f"What {name} is, exactly.", "unit": unit,
             "better": better, "dimensions": splits, "by": ["amount"]}
            for name, (unit, better, splits, *_) in KPIS.items()
        ]
    }  # fmt: skip


class Figures:
    """What is answered; a test changes it while the page looks on."""

    def __init__(self) -> None:
        self.currencies: tuple[str, ...] = ("EUR", "JPY", "USD")
        self.factor = 1.0
        self.revision = 8_123
        self.token: str | None = None  # None: everybody may look
        self.roles = ["supervisor", "finance", "compliance", "legal", "manager", "care"]
        self.scopes = ["metrics:read", "metrics:write", "metrics:people"]
        self.failing: frozenset[str] = frozenset()  # KPIs that are refused
        self.valueless: frozenset[str] = frozenset()  # KPIs without a value
        self.behind: dict[str, Any] = {
            "behind": 0,
            "items": [
                {
                    "consumer": "metrics",
                    "topic": "ledger.events",
                    "behind": 0,
                    "oldest_seconds": 0.0,
                    "parked_accounts": 0,
                },
            ],
        }
        self.rebuild: Answer = {
            "generation": 3,
            "behind": 0,
            "total": 0,
            "events_per_s": None,
            "ends_at": None,
        }
        self.queries: list[list[Parameters]] = []
        self.acts: list[tuple[str, str, Any]] = []

    def query(self, questions: list[Parameters]) -> Answer:
        self.queries.append(questions)
        return {"items": [self.answer(each) for each in questions], "revision": self.revision}

    def answer(self, asked: Parameters) -> Answer:
        name = asked["kpi"]
        if name not in KPIS or name in self.failing:
            detail = f"There is no KPI {name!r}. GET /v1/kpis lists them."
            return {"type": "about:blank", "title": "Not found", "status": 404, "detail": detail}
        unit, _, splits, value, numerator, denominator = KPIS[name]
        start = date.fromisoformat(asked.get("from", "2026-12-02"))
        end = date.fromisoformat(asked.get("to", LAST.isoformat()))
        several = "currency" not in asked and "in" not in asked and len(self.currencies) != 1
        currency = asked.get("in") or asked.get("currency")
        if currency is None and len(self.currencies) == 1:
            currency = self.currencies[0]
        if name in self.valueless or not self.currencies:
            value = numerator = denominator = None
        scale = 0.9 if "as_of" in asked else 1.0
        made: Answer = {
            "name": name, "unit": unit, "currency": currency if "currency" in splits else None,
            "from": start.isoformat(), "to": end.isoformat(),
            "value": self._scaled(value, scale), "numerator": numerator, "denominator": denominator,
            "series": [], "groups": [], "target": None, "revision": self.revision,
            "known_until": "2026-12-31T22:15:00Z", **_EXTRA.get(name, {}),
        }  # fmt: skip
        if name in {"liquidation_rate", "at_risk_rate", "cure_rate", "time_to_recover"}:
            made["at"] = LAST.isoformat()
        if "interval" in asked:
            made["series"] = self._series(name, start, end, asked["interval"], 1.0)
        if asked.get("curve"):
            made["curve"] = [{"day": d, "open": round(0.97**d, 4)} for d in range(50)]
        if asked.get("compare") and made["value"] is not None:
            made |= _compared(made["value"], start, end)
        if name == "dso":
            made["target"] = 40
        split = asked.get("group_by", "")
        if split in PARTS:
            interval = asked.get("interval")
            made["groups"] = [
                {"key": {split: part}, **self._part(made, weight),
                 "series": self._series(name, start, end, interval, weight) if interval else []}
                for part, weight in PARTS[split].items()
            ]  # fmt: skip
        elif several and name == "invoiced":
            made["groups"] = [{"key": {"currency": code}, "value": 1} for code in self.currencies]
            made["value"] = None
        return made

    def _scaled(self, value: float | None, scale: float = 1.0) -> float | None:
        if value is None or isinstance(value, int):
            return value
        return value * self.factor * scale

    @staticmethod
    def _part(made: Answer, weight: float) -> Answer:
        value, numerator = made["value"], made["numerator"]
        if value is None:
            part = None
        elif made["unit"] in ("minor", "count"):
            part = round(value * weight)
        else:
            part = value * (0.6 + weight)
        under = made["denominator"]
        return {
            "value": part,
            "numerator": None if numerator is None else round(numerator * weight),
            "denominator": None if under is None else round(under * weight),
        }

    def _series(
        self, name: str, start: date, end: date, interval: str, weight: float
    ) -> list[Answer]:
        value, numerator = KPIS[name][3], KPIS[name][4]
        step = _STEPS[interval]
        series: list[Answer] = []
        at = start
        while at <= end:
            count = len(series)
            until = min(end, at + timedelta(days=step - 1))
            wave = 1 + 0.25 * ((count * 7) % 5 - 2) / 2 + 0.01 * count
            part: float | None = None if value is None or name in self.valueless else value * wave
            if part is not None and name in _FLOWS:
                part = round(part * weight / 10)
            elif part is not None and until == end:
                part = self._scaled(value)
            series.append(
                {
                    "from": at.isoformat(),
                    "to": until.isoformat(),
                    "is_complete": until < LAST and (until - at).days + 1 == step,
                    "value": round(part * weight) if part is not None and name == "aging" else part,
                    "numerator": round((numerator or 0) * wave / 12),
                    "denominator": None,
                }
            )
            at = until + timedelta(days=1)
        return series


def _compared(value: float, start: date, end: date) -> Answer:
    length = (end - start).days + 1
    before = value * 0.94 if isinstance(value, float) else round(value * 0.94)
    previous = {
        "from": (start - timedelta(days=length)).isoformat(),
        "to": (start - timedelta(days=1)).isoformat(),
        "value": before, "numerator": None, "denominator": None,
    }  # fmt: skip
    return {
        "previous": previous,
        "change": {"absolute": value - before, "relative": (value - before) / before},
    }
