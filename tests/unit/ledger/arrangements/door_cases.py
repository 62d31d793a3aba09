"""What the door must answer: cases of LEDGER-ARRANGEMENTS 2 to 4 as data, for its own tests too.

The numbers stand here by hand; `test_door_cases.py` holds them against the naive rules.
"""

from dataclasses import dataclass
from datetime import date

from tests.oracles.arranged.doors import Answer, Shares

DEFAULT_SHARES = Shares(80, 50, 30)
OLD_SHARES = Shares(60, 40, 20)  # from 181 days past due and 500.00 on


@dataclass(frozen=True)
class Split:
    """`equal {count, first_due_on, every}` over the rest; None: 422 `/equal/count`."""

    rest: int
    count: int
    parts: list[int] | None
    round_to: int = 1
    least: int = 1


SPLITS = (
    Split(10000, 3, [3334, 3334, 3332]),  # S3
    Split(30000, 3, [10000, 10000, 10000]),  # S6
    Split(10000, 3, [3400, 3400, 3200], round_to=100),
    Split(10000, 3, [3500, 3500, 3000], round_to=500),
    Split(10, 4, [3, 3, 3, 1]),
    Split(10, 6, None),  # 2 each: nothing is left for the last
    Split(3, 2, [2, 1]),
    Split(1, 2, None),
    Split(10000, 12, None, least=1000),  # 834 is below 10.00
    Split(12000, 12, [1000] * 12, least=1000),
)


@dataclass(frozen=True)
class Dues:
    first: date
    count: int
    every: str
    days: list[date]


DUES = (
    Dues(
        date(2027, 1, 31),
        4,
        "month",
        [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)],
    ),
    Dues(
        date(2027, 11, 30),
        4,
        "month",
        [
            date(2027, 11, 30),
            date(2027, 12, 30),
            date(2028, 1, 30),
            date(2028, 2, 29),
        ],
    ),
    Dues(date(2027, 2, 26), 2, "week", [date(2027, 2, 26), date(2027, 3, 5)]),
    Dues(date(2027, 2, 26), 2, "fortnight", [date(2027, 2, 26), date(2027, 3, 12)]),
)

# (due day, business days of grace, calendar without holidays) → end of grace
GRACES = (
    (date(2027, 1, 15), 2, date(2027, 1, 19)),  # S1: a Friday
    (date(2027, 2, 1), 3, date(2027, 2, 4)),  # S3
    (date(2027, 3, 1), 3, date(2027, 3, 4)),
    (date(2027, 4, 1), 3, date(2027, 4, 6)),
    (date(2027, 1, 29), 2, date(2027, 2, 2)),  # S4
    (date(2027, 1, 16), 1, date(2027, 1, 18)),  # from a Saturday: Monday
    (date(2027, 1, 16), 0, date(2027, 1, 16)),  # 0: the day itself
)


@dataclass(frozen=True)
class Bid:
    kind: str
    base: int
    amount: int
    instalments: int
    shares: Shares
    answer: Answer


BIDS = (
    Bid("bid", 20000, 16000, 1, DEFAULT_SHARES, Answer("accepted")),  # S4
    Bid("bid", 20000, 5000, 1, DEFAULT_SHARES, Answer("declined", counter_minor=16000)),  # S5 T0
    Bid("bid", 20000, 12000, 1, DEFAULT_SHARES, Answer("pending_approval", "supervisor")),  # S5
    Bid("bid", 20000, 15999, 1, DEFAULT_SHARES, Answer("pending_approval", "supervisor")),
    Bid("bid", 20000, 9999, 1, DEFAULT_SHARES, Answer("pending_approval", "finance")),
    Bid("bid", 20000, 6000, 1, DEFAULT_SHARES, Answer("pending_approval", "finance")),
    Bid("bid", 20000, 5999, 1, DEFAULT_SHARES, Answer("declined", counter_minor=16000)),
    Bid("bid", 333, 1, 1, DEFAULT_SHARES, Answer("declined", counter_minor=267)),  # 266.4 up
    Bid("bid", 20000, 16999, 2, DEFAULT_SHARES, Answer("pending_approval", "supervisor")),
    Bid("bid", 20000, 17000, 2, DEFAULT_SHARES, Answer("accepted")),  # 80 + 5
    Bid("bid", 20000, 18000, 3, DEFAULT_SHARES, Answer("accepted")),  # 80 + 2 · 5
    Bid("offer", 20000, 16000, 1, DEFAULT_SHARES, Answer("offered")),
    Bid("offer", 20000, 10000, 1, DEFAULT_SHARES, Answer("pending_approval", "supervisor")),
    Bid("offer", 20000, 5999, 1, DEFAULT_SHARES, Answer("refused", least_minor=6000)),
    Bid("offer", 333, 1, 1, DEFAULT_SHARES, Answer("refused", least_minor=100)),  # 99.9 up
    Bid("bid", 50000, 30000, 1, OLD_SHARES, Answer("accepted")),
    Bid("bid", 50000, 20000, 1, OLD_SHARES, Answer("pending_approval", "supervisor")),
    Bid("bid", 50000, 9999, 1, OLD_SHARES, Answer("declined", counter_minor=30000)),
)


@dataclass(frozen=True)
class Most:
    """422 with `most_minor` above this."""

    undisputed: dict[str, int]
    invoices: set[str]
    open_promises: list[tuple[set[str], int]]
    superseded: list[int]
    most: int


MOSTS = (
    Most({"I1": 10000}, {"I1"}, [({"I1"}, 8000)], [], 2000),  # S13: R2 5000 is refused
    Most({"I1": 10000}, {"I1"}, [({"I1"}, 8000)], [0], 10000),  # with supersedes R1: 9000 is fine
    Most({"I1": 10000, "I2": 500}, {"I2"}, [({"I1"}, 8000)], [], 500),  # shares none
    Most({"I1": 10000, "I2": 500}, {"I1", "I2"}, [({"I1"}, 8000), ({"I2"}, 400)], [], 2100),
    Most({"I1": 2000}, {"I1"}, [({"I1"}, 5000)], [], 0),  # paid since: nothing is left
)
