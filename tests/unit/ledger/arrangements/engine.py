"""The ledger's domain as it is taken through stories: every step must keep the invariants."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from services.ledger import domain
from services.ledger.domain import Decision, Fact, LedgerAnnouncement
from services.ledger.domain.arrangements import Arrangement
from services.ledger.domain.promises import Promise
from services.ledger.domain.settlements import Settlement
from services.ledger.domain.stops import stops
from shared.business_time import Begun
from tests.unit.ledger.arrangements.told import BERLIN, Told

RECORDED = datetime(2027, 1, 1, tzinfo=UTC)


def fact_of(told: Told) -> Fact:
    fact_id = domain.fact_id_of(told.kind, "/billing", told.event_id, told.data)
    return Fact(told.kind, fact_id, "C1", "/billing", told.event_id, told.time, RECORDED, told.data)


class Engine:
    """One account, taken through its days."""

    def __init__(
        self, *, tenant_zone: str = BERLIN, begun: date | None = None, depth: int | None = None
    ) -> None:
        self.account = domain.new_account("C1", tenant_zone, depth)
        self.begun = Begun(day=begun)
        self.said: list[LedgerAnnouncement] = []
        self.last: list[LedgerAnnouncement] = []

    def record(self, *facts: Told) -> None:
        known = {(fact.kind, fact.fact_id) for fact in self.account.facts}
        fresh = [fact for fact in map(fact_of, facts) if (fact.kind, fact.fact_id) not in known]
        self._take(domain.record(self.account, fresh, self.begun))

    def start_day(self, day: date) -> None:
        self.begun = Begun(day=day)
        self._take(domain.begin(self.account, self.begun))

    def _take(self, decision: Decision) -> None:
        assert domain.invariants(self.account) == []
        for entry in decision.entries:
            assert sum(amount for _, amount in entry.postings) == 0
        ids = [(event.type, event.entity, event.cause) for event in decision.announcements]
        assert len(ids) == len(set(ids)), ids
        self.last = decision.announcements
        self.said += decision.announcements

    def news(self, *beginnings: str) -> list[str]:
        """`instalment-missed L1/2`, `plan-rejudged L1 defaulted→active`: said by the last step."""
        return brief(self.last, *beginnings)

    def figures(self, noun: str, name: str) -> Mapping[str, Any]:
        known: Any = self.account.objects.values[noun, name]
        found: dict[str, Any] = {"state": known.state, "because": known.history[-1].because}
        if isinstance(known, Arrangement):
            found |= {"paid": known.paid_minor, "parts": [p.state for p in known.instalments]}
            found |= {"short": [p.short_minor for p in known.instalments]}
            day = self.begun.on(self.account.zone)
            found |= {"arrears": known.arrears_minor(day) if day else 0}
        elif isinstance(known, Promise):
            found |= {"received": known.received_minor, "asked": known.asked_minor}
            found |= {"grace_until": known.data.grace_until_on}
        if isinstance(known, Settlement):
            found |= {"conceded": known.conceded_minor}
        return found

    def history(self, noun: str, name: str) -> list[tuple[str, datetime]]:
        known: Any = self.account.objects.values.get((noun, name))
        return [(step.state, step.at) for step in known.history] if known else []

    def amounts(self, currency: str) -> Mapping[str, int]:
        found = domain.amounts(self.account, self.begun, [currency])[0]
        names: tuple[str, ...] = (
            "balance",
            "overdue",
            "disputed",
            "unapplied",
            "collectable",
            "arranged",
        )
        names += ("arrears", "promised", "recoverable")
        return {name: getattr(found, f"{name}_minor") for name in names}

    def invoice(self, invoice_id: str) -> Mapping[str, Any]:
        known = self.account.invoices[invoice_id]
        return {"status": known.status, "balance": known.balance_minor}

    def stops(self) -> set[tuple[str, date | None]]:
        return {(stop.kind, stop.until) for stop in stops(self.account)}

    def commission(self, payment_id: str) -> int | None:
        raise NotImplementedError

    def exceeded(self) -> bool:
        raise NotImplementedError

    def charge(self, charge_id: str) -> Mapping[str, Any] | None:
        raise NotImplementedError

    def skipped(self, charge_id: str) -> str | None:
        raise NotImplementedError


def brief(said: Sequence[LedgerAnnouncement], *beginnings: str) -> list[str]:
    """Types with their entities, and of what is judged again: from what to what."""
    lines = []
    for event in said:
        data: Any = event.data
        change = ""
        if hasattr(data, "from_state"):
            change = f" {data.from_state}→{data.to_state}"
        if event.type.startswith(beginnings or ("",)):
            lines.append(f"{event.type} {event.entity}{change}")
    return lines
