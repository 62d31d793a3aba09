"""The golden stories of LEDGER-CHARGES 7 as data. Days without a year are of 2026."""

from datetime import date
from typing import Any

from shared.events.billing import EarlyDiscount
from tests.unit.ledger.arrangements import told
from tests.unit.ledger.arrangements.telling import Charge, Day, Skipped, Sums, bill, tell_all
from tests.unit.ledger.arrangements.told import (
    amended,
    disclosed,
    disputed,
    hold,
    paid,
    resolved,
    taken_back,
    waived,
)

ALWAYS = date(2020, 1, 1)
RATES = {
    "boe-bank-rate": [(date(2026, 1, 1), "3.75"), (date(2026, 7, 1), "3.75")],
    "bgb-base": [(date(2026, 1, 1), "1.27"), (date(2026, 7, 1), "1.27")],
}
UK = {
    "rules": [
        {
            "id": "uk-interest",
            "kind": "interest",
            "when": {"kind": "business", "currency": "GBP"},
            "rate": {"reference": "boe-bank-rate", "margin": "8", "fixed_at_start": True},
        },
        {
            "id": "uk-compensation",
            "kind": "compensation",
            "when": {"kind": "business", "currency": "GBP"},
            "amount": {
                "bands": [
                    {"below": {"GBP": 1000}, "fixed": {"GBP": 40}},
                    {"below": {"GBP": 10000}, "fixed": {"GBP": 70}},
                    {"fixed": {"GBP": 100}},
                ]
            },
        },
    ]
}
DE = {
    "rules": [
        {"id": "de", "kind": "interest", "rate": {"reference": "bgb-base", "margin": "9"}},
        {"id": "de-40", "kind": "compensation", "amount": {"fixed": {"EUR": 40}}},
    ]
}
CIVIL_CODE = {
    "scope": "invoice",
    "targets": "order",
    "order": ["cost", "interest", "fee", "principal"],
}
TWENTY_A_DAY = {"id": "interest", "kind": "interest", "rate": {"percent": "7.3"}}


def y(text: str) -> str:
    """A day of 2026."""
    return text if len(text.split(" ")[0]) == 10 else f"2026-{text}"


def d(text: str) -> Day:
    return Day(told.on(y(text)))


def late_fee(step: int, amount: Any, **more: Any) -> dict[str, Any]:
    return {"id": f"fee-{step}", "kind": "late_fee", "step": step, "amount": amount, **more}


def fixed(euros: Any) -> dict[str, Any]:
    return {"fixed": {"EUR": euros}}


def policies(*rules: Any, allocation: Any = None, **charges: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"charges": [(ALWAYS, {"rules": list(rules), **charges})]}
    if allocation is not None:
        found["allocation"] = [(ALWAYS, allocation)]
    return found


def account(zone: str = "UTC") -> told.Told:
    return told.registered(zone, time="2025-11-01", kind="business")


def invoice(name: str, amount: int, due: str, issued: str | None = None, **more: Any) -> told.Told:
    return told.invoice(name, amount, due=y(due), issued=issued or "2025-11-15", **more)


def charge(name: str, *expected: Any, **more: Any) -> Charge:
    """[amount, waived, paid]; None: it is not there."""
    return Charge(name, tuple(expected) if expected else None, more)


def sums(currency: str = "EUR", **expected: int) -> Sums:
    return Sums(expected, currency)


S1 = (
    account("Europe/London"),
    invoice("I1", 1000000, "07-01", currency="GBP"),
    d("07-02"),
    charge("compensation:I1", 10000, 0, 0),
    sums("GBP", accrued=322),
    d("08-01"),
    charge("interest:I1", 9979, 0, 0, posted=[("2026-08-01", 9979)]),
    paid("P1", 1000000, y("07-31 10:00"), currency="GBP"),
    charge("interest:I1", 9658, 0, 0, posted=[("2026-07-31", 9658)]),
    bill("I1", status="paid"),
    sums("GBP", charges=19658, collectable=19658),
)
S1_WITH = (policies(*UK["rules"]), RATES)

S2 = (
    account("Europe/Berlin"),
    invoice("I1", 500000, "03-31", issued="2026-03-01"),
    d("05-15"),
    sums(charges=8361, accrued=1970),
    charge("interest:I1", 4361, 0, 0, posted=[("2026-05-01", 4361)]),
    paid("P1", 200000, y("05-15 09:00")),
    charge("compensation:I1", 4000, 0, 4000),
    charge("interest:I1", 6331, 0, 6331),
    bill("I1", balance=310331),
    d("05-31"),
    charge("interest:I1", 6331 + 1397, 0, 6331),
    paid("P0", 100000, y("04-10")),
    charge(
        "interest:I1",
        6342,
        0,
        5399,
        posted=[
            ("2026-04-10", 1407),
            ("2026-05-01", 2395),
            ("2026-05-15", 1597),
            ("2026-05-31", 943),
        ],
    ),
    bill("I1", balance=209399),
)
S2_WITH = (policies(*DE["rules"], allocation=CIVIL_CODE), RATES)

FIVE_PERCENT = {"percent": 5, "of": "balance", "min": {"EUR": 5}, "max": {"EUR": 40}}
S3_RULES = [
    late_fee(
        step,
        FIVE_PERCENT,
        cap={"per_invoice": {"EUR": 60}},
        minimum_balance={"EUR": 20},
        disclosure={"texts": ["late-fee"], "days_before": 5},
    )
    for step in (1, 31, 61)
]
S3 = (
    account(),
    invoice("I1", 70000, "01-10"),
    invoice("I2", 3000, "01-10"),
    invoice("I3", 1999, "01-10"),
    disclosed("K1", y("01-07"), "late-fee"),
    d("01-11"),
    sums(charges=0),
    Skipped("late-fee:I1:1", "not_disclosed"),
    d("02-10"),
    charge("late-fee:I1:31", 3500, 0, 0),
    charge("late-fee:I2:31", 500, 0, 0),
    charge("late-fee:I3:31"),
    Skipped("late-fee:I3:31", "below_minimum"),
    d("03-12"),
    charge("late-fee:I1:61", 2500, 0, 0),
    charge("late-fee:I2:61", 500, 0, 0),
    sums(charges=7000),
)
S3_WITH = (policies(*S3_RULES), None)

S4 = (
    account(),
    invoice("I1", 10000, "03-01"),
    d("04-02"),
    charge("late-fee:I1:31", 1000, 0, 0),
    waived("V1", "late-fee:I1:31", y("04-02 10:00"), 300),
    charge("late-fee:I1:31", 1000, 300, 0),
    paid("P1", 10000, y("03-20")),
    charge("late-fee:I1:31"),
    taken_back("R1", "P1", y("03-25"), kind="bounced"),
    charge("late-fee:I1:31", 1000, 300, 0),
    d("04-03"),
    amended("I1", y("04-03"), y("03-10")),
    charge("late-fee:I1:31"),
    d("04-10"),
    charge("late-fee:I1:31", 1000, 300, 0),
    sums(collectable=10700),
)
S4_WITH = (policies(late_fee(31, fixed(10))), None)

_S5 = (
    account(),
    invoice("I1", 10000, "01-31"),
    paid("P1", 10000, y("02-02")),
    invoice("I2", 10000, "02-28", issued="2026-02-10"),
    paid("P2", 10000, y("02-28")),
    paid("P3", 500, y("03-05")),
    d("03-06"),
)
S5 = (
    *_S5,
    charge("late-fee:I1:1", 500, 0, 500),
    charge("late-fee:I2:1"),
    bill("I2", balance=0),
    sums(charges=0, balance=0),
)
S5_CIVIL_CODE = (
    *_S5,
    bill("I1", balance=0),
    charge("late-fee:I2:1", 500, 0, 500),
    bill("I2", balance=500),
    sums(charges=0, balance=500),
)
S5_WITH = (policies(late_fee(1, fixed(5))), None)
S5_CIVIL_CODE_WITH = (policies(late_fee(1, fixed(5)), allocation=CIVIL_CODE), None)

_S6 = (
    account("Europe/Berlin"),
    invoice(
        "I1",
        100000,
        "05-01",
        issued="2026-04-01",
        early_discount=EarlyDiscount(2, date(2026, 4, 11)),
    ),
    paid("P1", 50000, y("04-05")),
    bill("I1", balance=50000, discount=0),
)
S6 = (
    *_S6,
    paid("P2", 48000, y("04-11 21:59:59")),
    bill("I1", balance=0, discount=2000, status="paid"),
    taken_back("X1", "P1", y("04-20"), 1, kind="refund"),
    bill("I1", balance=2001, discount=0),
)
S6_TOO_LATE = (*_S6, paid("P2", 48000, y("04-11 22:00:00")), bill("I1", balance=2000, discount=0))
S6_WITH = (policies(), None)

_S7 = (
    account(),
    invoice("I1", 100000, "01-31"),
    disputed("D1", "I1", y("02-10"), 40000),
)
S7 = (*_S7, d("03-03"), charge("interest:I1", 452, 0, 0, posted=[("2026-03-03", 452)]))
S7_REJECTED = (
    *_S7,
    resolved("D1", "I1", y("03-02"), "rejected"),
    d("03-02"),
    charge("interest:I1", 600, 0, 0, posted=[("2026-03-02", 600)]),
    d("03-03"),
    charge("interest:I1", 620, 0, 0),
)
S7_PARTLY = (
    *_S7,
    resolved("D1", "I1", y("03-02"), "partly", 10000),
    d("03-03"),
    charge("interest:I1", 558, 0, 0),
    bill("I1", balance=90000),
)
S7_WITH = (policies(TWENTY_A_DAY), None)

S8 = (
    account(),
    invoice("I1", 10000, "01-31"),
    d("02-02"),
    paid("P1", 11000, y("02-05")),
    charge("late-fee:I1:1", 1000, 0, 1000),
    invoice("I2", 5000, "03-10", issued="2026-02-10"),
    bill("I2", balance=5000),
    waived("V1", "late-fee:I1:1", y("02-20"), 1000),
    charge("late-fee:I1:1", 1000, 1000, 0),
    bill("I2", balance=4000),
)
S8_WITH = (policies(late_fee(1, fixed(10))), None)

S9 = (
    account(),
    invoice("I1", 100000, "2025-12-01"),
    d("2025-12-31"),
    charge("interest:I1"),
    d("01-01"),
    charge("interest:I1", 440, 0, 0),
    charge("late-fee:I1:1"),
    d("01-31"),
    charge("interest:I1", 1040, 0, 0),
)
S9_WITH = (
    {
        "charges": [
            (
                date(2026, 1, 1),
                {
                    "rules": [TWENTY_A_DAY, late_fee(1, fixed(5))],
                    "accrue_from": date(2025, 12, 11),
                },
            )
        ]
    },
    None,
)

S10 = (
    account(),
    invoice("I1", 100000, "10-15"),
    d("12-31"),
    charge("interest:I1", 1220, 0, 0),
    charge("late-fee:I1:31", 1000, 0, 0),
    hold("H1", "breathing-space", y("11-01"), y("12-30"), told=y("12-31")),
    charge("interest:I1", 320, 0, 0),
    charge("late-fee:I1:31"),
    Skipped("late-fee:I1:31", "stopped"),
    d("2027-01-14"),
    charge("interest:I1", 620, 0, 0),
)
S10_WITH = (policies(TWENTY_A_DAY, late_fee(31, fixed(10))), None)

S11 = (
    account(),
    invoice("I1", 50000, "01-31"),
    paid("P1", 10000, y("02-10")),
    d("02-10"),
    charge("interest:I1"),
    d("03-03"),
    charge("interest:I1"),
    sums(accrued=367),
    d("04-02"),
    charge("interest:I1", 696, 0, 0, posted=[("2026-04-02", 696)]),
    d("05-02"),
    charge("interest:I1", 1025, 0, 0),
)
S11_WITH = (
    policies({**TWENTY_A_DAY, "rate": {"percent": "10"}, "minimum": {"EUR": 5}}),
    None,
)

ALL = tell_all(globals())
