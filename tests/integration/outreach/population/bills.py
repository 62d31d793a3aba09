"""An invoice, and what stops anybody from asking for it."""

from dataclasses import dataclass, field
from datetime import date, timedelta

STAGES = (1, 31, 61, 91, 121)
# Of these nothing at all may reach the person, whatever they name.
SILENT = frozenset({"bankruptcy", "deceased", "breathing-space", "fraud", "attorney", "cease"})
DAY = timedelta(days=1)


@dataclass
class Bill:
    """An invoice."""

    invoice_id: str
    due_on: date
    amount: int
    paid: dict[str, int] = field(default_factory=dict)  # by payment
    disputes: dict[str, int | None] = field(default_factory=dict)  # open ones; None: all of it
    stage: int | None = None  # announced
    is_void: bool = False
    was_paid: bool = False
    free_on: date | None = None  # the last day on which all of it ceased to be disputed

    @property
    def balance(self) -> int:
        return 0 if self.is_void else max(0, self.amount - sum(self.paid.values()))

    @property
    def disputed(self) -> int:
        held = [self.balance if part is None else part for part in self.disputes.values()]
        return min(self.balance, sum(held))

    @property
    def is_disputed(self) -> bool:
        return self.balance > 0 and self.disputed >= self.balance

    def stage_on(self, day: date) -> int | None:
        found = [stage for stage in STAGES if (day - self.due_on).days >= stage]
        return found[-1] if found and self.balance > 0 else None


@dataclass
class Stoppage:
    """Why nobody is asked for some invoices, from a day until another."""

    kind: str  # promise, plan, settlement, hold, placed
    id: str
    from_on: date
    invoice_ids: tuple[str, ...] | None = None  # None: all
    hold_kind: str | None = None
    due_on: date | None = None  # of a promise
    until_on: date | None = None  # the first day without it, where that is known before
    ended_on: date | None = None
    outcome: str | None = None

    def stands_on(self, day: date) -> bool:
        end = self.end
        return self.from_on <= day and (end is None or day < end)

    @property
    def end(self) -> date | None:
        return self.ended_on or self.until_on

    @property
    def is_silent(self) -> bool:
        return self.hold_kind in SILENT

    def covers(self, invoice_id: str) -> bool:
        return self.is_silent or self.invoice_ids is None or invoice_id in self.invoice_ids
