"""The governor: verdicts per second with all books loaded and 50 past contacts each, on one core.

`python -m tests.benchmarks.governor`. A question is read once and asked many times: what is
measured is the verdict, without HTTP and without reading JSON. Time is CPU time, so that what else
the machine does weighs less; a bare loop beside it says how fast the core is.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

from rich.console import Console
from rich.table import Table

from services.outreach.compliance import Question, RuleSet, evaluate, read_book, read_question

HISTORY = 50
QUESTIONS = 200
SECONDS = 2.0  # for each row
ALLOWED_AIM, SEARCHED_AIM, LOADED_AIM_SECONDS = 5_000, 1_000, 1.0
LOOP = 100_000
_NOON, _NIGHT = "2026-11-24T20:{:02}:00Z", "2026-11-25T07:{:02}:00Z"


@dataclass(frozen=True)
class Rate:
    """How often a thing was done in a second of one core."""

    name: str
    per_second: float
    aim: float
    verdicts: frozenset[str]


def measure() -> tuple[float, list[Rate]]:
    """Seconds to load all books, and the rates of allowed and of searched verdicts."""
    started = time.process_time()
    books = load()
    loaded = time.process_time() - started
    allowed = [_question(number, _NOON) for number in range(QUESTIONS)]
    searched = [_question(number, _NIGHT) for number in range(QUESTIONS)]
    return loaded, [
        _rate("allowed", allowed, books, ALLOWED_AIM),
        _rate("deferred, the instant searched", searched, books, SEARCHED_AIM),
    ]


def load() -> RuleSet:
    """All shipped books, read and put together."""
    folder = resources.files("services.outreach") / "rulebooks" / "shipped"
    texts = [each for each in folder.iterdir() if each.name.endswith(".yaml")]
    return RuleSet.of([read_book(each.read_text(encoding="utf-8")) for each in texts])


def _rate(name: str, questions: Sequence[Question], books: RuleSet, aim: float) -> Rate:
    verdicts = frozenset(evaluate(question, books).verdict for question in questions)

    def ask_all() -> None:
        for question in questions:
            evaluate(question, books)

    return Rate(name, len(questions) * _times_a_second(ask_all), aim, verdicts)


def _times_a_second(work: Callable[[], None]) -> float:
    """By the best round: the others were disturbed by what else the machine does."""
    best, began = float("inf"), time.process_time()
    while time.process_time() - began < SECONDS:
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return 1 / best


def _bare() -> None:
    for _ in range(LOOP):
        pass


def _question(number: int, at: str) -> Question:
    """A collector's call to a consumer in Chicago about one debt, all of it known."""
    chance = random.Random(number)
    asked = datetime.fromisoformat(at.format(number % 60).replace("Z", "+00:00"))
    whole: dict[str, Any] = {
        "at": asked.isoformat(),
        "party": "third",
        "debtor": {
            "kind": "consumer", "language": "en", "deceased": False, "vulnerable": False,
            "military": False,
            "addresses": [{"country": "US", "region": "IL", "city": "Chicago",
                           "postal_code": "60601"}],
            "phones": [{"number": "+13125550123", "type": "mobile", "use": "home",
                        "consent": "express", "reassigned": "no"}],
            "emails": [{"address": "a@example.com", "employer_provided": False}],
            "bankruptcy_filed_at": None, "breathing_space_from": None, "attorney": None,
            "cease_requested_at": None, "refused_channels": [], "inconvenient": [],
            "consents": [], "opt_outs": [],
        },
        "creditor": {"kind": "other"},
        "debts": [{
            "id": "A", "purpose": "consumer", "product": "card", "days_past_due": 90,
            "amount_minor": 45000, "currency": "USD", "disputed": False,
            "default_on": "2026-08-16", "entered_on": "2024-08-01", "contract_type": "written",
            "accelerated": False, "periodic_statements": True,
            "validation_notice_sent_on": "2026-09-01", "notices": [],
        }],
        "contact": {
            "channel": "voice", "to": "+13125550123", "about": ["A"], "purpose": "collect",
            "mode": "live", "person": "debtor", "initiated_by": "collector",
            "content": {"opt_out_line": True, "threatens_suit": False, "limited_content": False,
                        "name_signals_collection": False},
        },
        "history": [_past(chance, asked) for _ in range(HISTORY)],
    }  # fmt: skip
    return read_question(whole)


def _past(chance: random.Random, asked: datetime) -> dict[str, Any]:
    """A letter, a message or a call of the last three months; no more calls than there may be."""
    channel = chance.choice(["voice", "email", "letter", "letter", "letter"])
    days = chance.uniform(12, 90) if channel == "voice" else chance.uniform(1, 90)
    return {
        "at": (asked - timedelta(days=days)).astimezone(UTC).isoformat(),
        "channel": channel,
        "about": ["A"],
        "outcome": "no_answer" if channel == "voice" else "delivered",
        "initiated_by": "collector",
        "person": "debtor",
    }


def show(console: Console) -> list[str]:
    """Print the figures; the aims that are missed, in words."""
    loaded, rates = measure()
    core = LOOP * _times_a_second(_bare) / 1e6
    table = Table(title=f"Governor, {HISTORY} past contacts", title_justify="left")
    for column in ("", "verdicts/s of one core", "µs", "of the aim"):
        table.add_column(column, justify="right" if column else "left")
    for rate in rates:
        table.add_row(
            f"{rate.name} ({', '.join(sorted(rate.verdicts))})",
            f"{rate.per_second:,.0f}",
            f"{1e6 / rate.per_second:.0f}",
            f"{rate.per_second / rate.aim:.2f}",
        )
    console.print(table)
    console.print(
        f"All books read, checked and put together in {loaded:.2f} s;"
        f" a bare loop of this core: {core:.0f} million steps/s."
    )
    missed = [
        f"Governor, {rate.name}: {rate.per_second:,.0f} verdicts/s, aim {rate.aim:,.0f}"
        for rate in rates
        if rate.per_second < rate.aim
    ]
    if loaded > LOADED_AIM_SECONDS:
        missed.append(f"Governor: books loaded in {loaded:.2f} s, aim {LOADED_AIM_SECONDS:g} s")
    return missed


def main() -> None:
    console = Console()
    for line in show(console) or ["Every aim is met."]:
        console.print(line)


if __name__ == "__main__":
    main()
