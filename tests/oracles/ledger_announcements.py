"""What an account's announcements must be, step by step, in the order in which facts arrive.

A step is one arriving fact or one `start-day`. What was said is kept in two plain sets; all else
is asked anew of the replayed facts before and after the step.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from tests.oracles.ledger_questions import Questions, Reopened
from tests.oracles.ledger_table import Fact

Said = tuple[object, ...]
StageKey = tuple[str, date, int]


class Announcer:
    """Says what must be said, and remembers it."""

    def __init__(self, tenant_zone: str, cause: Callable[[Any], str]) -> None:
        self.tenant_zone = tenant_zone
        self.cause = cause  # how a fact is named where another event says because of it
        self.facts: list[Fact] = []
        self.now = Questions([], tenant_zone, cause)
        self.due_soon: set[tuple[str, date]] = set()
        self.stages: dict[StageKey, Said] = {}  # ever announced, and with which days
        self.live: set[StageKey] = set()  # those that hold
        self.reopenings: set[tuple[str, date, str]] = set()  # ever said
        self.reopened: dict[tuple[str, date, str], Reopened] = {}  # those that hold

    # ── A day begins ────────────────────────────────────────────────────────────────────────────
    def begin(self, begun: date) -> Counter[Said]:
        said: Counter[Said] = Counter()
        for invoice_id, figure in self.now.now().invoices.items():
            from_on, time = self.now.due_soon_from(invoice_id)
            key = (invoice_id, figure.due_on)
            in_time = from_on <= begun <= figure.due_on
            if in_time and figure.status == "open" and key not in self.due_soon:
                self.due_soon.add(key)
                said["invoice-due-soon", *key, time, from_on, figure.balance] += 1
            said += self._new_stages(invoice_id, begun)
        return said

    def _new_stages(self, invoice_id: str, begun: date | None) -> Counter[Said]:
        said: Counter[Said] = Counter()
        for reached in self.now.reached(invoice_id, begun):
            key = (invoice_id, reached.due_on, reached.stage)
            if key not in self.stages:
                self.stages[key] = (reached.since_on, reached.time)
                self.live.add(key)
                said[
                    "invoice-overdue",
                    *key,
                    reached.time,
                    reached.since_on,
                    reached.balance,
                    reached.disputed,
                ] += 1
        return said

    # ── A fact arrives ──────────────────────────────────────────────────────────────────────────
    def record(self, fact: Fact, begun_in: Callable[[str], date | None]) -> Counter[Said]:
        before = self.now
        self.facts.append(fact)
        self.now = Questions(self.facts, self.tenant_zone, self.cause)
        begun = begun_in(self.now.zone)
        said: Counter[Said] = Counter()
        for invoice_id in self.now.now().invoices:
            said += self._corrections(invoice_id, fact, begun)
            said += self._reopenings(invoice_id, before, fact, begun)
            said += self._new_stages(invoice_id, begun)
            said += self._paid(invoice_id, before, bool(self._reopened_in(said, invoice_id)))
        return said

    def _corrections(self, invoice_id: str, fact: Fact, begun: date | None) -> Counter[Said]:
        """Announcements that the facts no longer bear out."""
        said: Counter[Said] = Counter()
        to_stage = self.now.present_stage(invoice_id, begun)
        reached = {(r.invoice_id, r.due_on, r.stage) for r in self.now.reached(invoice_id, begun)}
        for key in [k for k in self.live if k[0] == invoice_id and k not in reached]:
            self.live.remove(key)
            since_on, time = self.stages[key]  # as announced, whatever the zone is now
            said["overdue-corrected", *key, to_stage, time, since_on, self.cause(fact)] += 1
        held = self._reopenings_by_key(invoice_id)
        for name, reopening in list(self.reopened.items()):
            if name[0] == invoice_id and not _same(held.get(name), reopening):
                del self.reopened[name]
                if reopening.stage is not None:
                    key = (invoice_id, reopening.due_on, reopening.stage)
                    said[
                        "overdue-corrected",
                        *key,
                        to_stage,
                        reopening.time,
                        reopening.day,
                        self.cause(fact),
                    ] += 1
        return said

    def _reopenings(
        self, invoice_id: str, before: Questions, fact: Fact, begun: date | None
    ) -> Counter[Said]:
        """Open again after it was paid, or a corrected stage holds again."""
        said: Counter[Said] = Counter()
        again = False  # something that was said and refuted holds again
        for name, reopening in self._reopenings_by_key(invoice_id).items():
            if name not in self.reopenings:
                said["invoice-reopened", invoice_id, reopening.because] += 1
            elif name not in self.reopened:
                again = True
            self.reopenings.add(name)
            self.reopened.setdefault(name, reopening)
        for reached in self.now.reached(invoice_id, begun):
            key = (invoice_id, reached.due_on, reached.stage)
            if key in self.stages and key not in self.live:
                self.live.add(key)
                again = True
        figure = before.now().invoices.get(invoice_id)
        was_paid = figure is not None and figure.status == "paid"
        is_open = self.now.now().invoices[invoice_id].status == "open"
        if again or (was_paid and is_open and not said):
            said["invoice-reopened", invoice_id, self.cause(fact)] = 1
        return said

    def _paid(self, invoice_id: str, before: Questions, reopened: bool) -> Counter[Said]:
        figure = before.now().invoices.get(invoice_id)
        was_paid = figure is not None and figure.status == "paid"
        since = self.now.paid_at(invoice_id)
        if since is None or (was_paid and not reopened):
            return Counter()
        return Counter([("invoice-paid", invoice_id, since)])

    def _reopenings_by_key(self, invoice_id: str) -> dict[tuple[str, date, str], Reopened]:
        return {(r.invoice_id, r.due_on, r.because): r for r in self.now.reopenings(invoice_id)}

    def _reopened_in(self, said: Counter[Said], invoice_id: str) -> list[Said]:
        return [s for s in said if s[:2] == ("invoice-reopened", invoice_id)]


def _same(one: Reopened | None, other: Reopened) -> bool:
    return one is not None and (one.stage, one.time) == (other.stage, other.time)
