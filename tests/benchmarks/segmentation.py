"""Training and scoring: seconds for 100,000 invoices, accounts per second with reasons.

`python -m tests.benchmarks.segmentation` runs it alone; BENCH_INVOICES= sets how many.
"""

import os
import time
from datetime import date, timedelta

import numpy as np
from msgspec import Struct

from services.segmentation.learning.cases import InvoiceFacts, cases_of
from services.segmentation.learning.features import NAMES, Columns
from services.segmentation.learning.model import Model
from services.segmentation.learning.training import train
from services.segmentation.learning.walk import walk

INVOICES = 100_000
SCORED = 1_000_000
BATCH = 50_000
TRAIN_SECONDS, ACCOUNTS_PER_SECOND = 30.0, 200_000.0  # the aims

BEGIN = date(2023, 1, 2)
TODAY = BEGIN + timedelta(days=800)


class Figures(Struct, frozen=True):
    invoices: int
    walk_seconds: float  # features of every case, as of its day
    train_seconds: float  # that, and the scorecard
    accounts: int
    score_seconds: float  # probability, points and reasons of each

    @property
    def accounts_per_second(self) -> float:
        return self.accounts / self.score_seconds


def ledger(invoices: int, seed: int = 1) -> list[InvoiceFacts]:
    """Payers with habits of their own; a few in a hundred invoices are never settled."""
    rng = np.random.default_rng(seed)
    accounts = max(1, invoices // 20)
    habit, usual = rng.normal(-2, 9, accounts), rng.lognormal(9, 1, accounts)
    owner, day = rng.integers(0, accounts, invoices), rng.integers(0, 730, invoices)
    delay = np.rint(rng.normal(habit[owner], 7)).astype(int)
    amount = np.maximum(1, usual[owner] * rng.lognormal(0, 0.4, invoices)).astype(int)
    is_never = rng.random(invoices) < 0.03
    facts = []
    for i in range(invoices):
        issued = BEGIN + timedelta(days=int(day[i]))
        due = issued + timedelta(days=30)
        settled = None if is_never[i] else max(issued, due + timedelta(days=int(delay[i])))
        facts.append(
            InvoiceFacts(
                account_id=f"a{owner[i]}", invoice_id=f"i{i}", currency="EUR",
                amount_minor=int(amount[i]), issued_on=issued, decided_on=issued, due_on=due,
                settled_on=settled if settled is not None and settled < TODAY else None,
            )
        )  # fmt: skip
    return facts


def measure(invoices: int = INVOICES, scored: int = SCORED) -> Figures:
    facts = ledger(invoices)
    begin = time.perf_counter()
    cases = cases_of(facts, "late_payment", horizon_days=30, today=TODAY)
    walked = walk(facts, cases)
    walk_seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    model = train("late_payment", facts, until=TODAY, today=TODAY)
    train_seconds = time.perf_counter() - begin
    return Figures(
        invoices, walk_seconds, train_seconds, scored, _score(model, walked.columns, scored)
    )


def _score(model: Model, columns: Columns, accounts: int) -> float:
    """Batches as a re-scoring asks for them."""
    rows = np.resize(columns.values, (BATCH, len(NAMES)))
    begin = time.perf_counter()
    for first in range(0, accounts, BATCH):
        batch = Columns(columns.names, rows[: min(BATCH, accounts - first)])
        scored = model.score(batch)
        assert (scored.points.sum(axis=1) == scored.total).all(), "reasons add up to the score"
    return time.perf_counter() - begin


def tell(found: Figures) -> list[str]:
    """The figures for a person; gives the aims that were missed."""
    print(
        f"training on {found.invoices:,} invoices: {found.train_seconds:.1f} s"
        f" (aim {TRAIN_SECONDS:.0f}), of it features {found.walk_seconds:.1f} s;"
        f" scoring with reasons: {found.accounts_per_second:,.0f} accounts/s"
        f" (aim {ACCOUNTS_PER_SECOND:,.0f})"
    )
    missed = []
    if found.train_seconds > TRAIN_SECONDS:
        missed.append(f"training: {found.train_seconds:.1f} s, aim {TRAIN_SECONDS:.0f} s")
    if found.accounts_per_second < ACCOUNTS_PER_SECOND:
        rate = f"{found.accounts_per_second:,.0f} accounts/s"
        missed.append(f"scoring: {rate}, aim {ACCOUNTS_PER_SECOND:,.0f}")
    return missed


def main() -> None:
    for line in tell(measure(int(os.environ.get("BENCH_INVOICES") or INVOICES))):
        print(line)


if __name__ == "__main__":
    main()
