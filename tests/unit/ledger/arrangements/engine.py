"""The ledger's domain as it is taken through stories: every step must keep the invariants."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import msgspec

from services.ledger import domain
from services.ledger.domain import Decision, Fact, LedgerAnnouncement
from services.ledger.domain.accruals import accrued_minor
from services.ledger.domain.arrangements import Arrangement
from services.ledger.domain.charge_events import postings
from services.ledger.domain.charges import charge_of
from services.ledger.domain.credit import is_exceeded
from services.ledger.domain.fees import Steps
from services.ledger.domain.placements import Placement, commissions
from services.ledger.domain.policies.allocation import read_allocation
from services.ledger.domain.policies.charge_rules import read_charges
from services.ledger.domain.policies.charges import charging
from services.ledger.domain.policies.recovery import RecoveryPolicy
from services.ledger.domain.promises import Promise
from services.ledger.domain.rates import RateRow, rate_tables
from services.ledger.domain.rules import NO_RULES, Dated, Rules
from services.ledger.domain.settlements import Settlement
from services.ledger.domain.stops import stops
from services.ledger.domain.write_offs import WriteOff
from shared.business_time import Begun
from tests.unit.ledger.arrangements.told import BERLIN, Told

_SUBJECTS = ("promise", "plan", "settlement", "write-off", "placement")
RECORDED = datetime(2027, 1, 1, tzinfo=UTC)


def fact_of(told: Told) -> Fact:
    fact_id = domain.fact_id_of(told.kind, "/billing", told.event_id, told.data)
    return Fact(told.kind, fact_id, "C1", "/billing", told.event_id, told.time, RECORDED, told.data)


class Engine:
    """One account, taken through its days."""

    def __init__(
        self,
        *,
        tenant_zone: str = BERLIN,
        begun: date | None = None,
        depth: int | None = None,
        policies: Any = None,
        rates: Any = None,
        rules: Rules | None = None,
    ) -> None:
        rules = rules or rules_of(policies, rates)
        self.account = domain.new_account("C1", tenant_zone, depth, rules)
        self.begun = Begun(day=begun)
        self.said: list[LedgerAnnouncement] = []
        self.last: list[LedgerAnnouncement] = []
        self.booked: Counter[str] = Counter()  # the balance of each ledger account

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
            for account, amount in entry.postings:
                self.booked[account] += amount
        ids = [(event.type, event.entity, event.cause) for event in decision.announcements]
        assert len(ids) == len(set(ids)), ids
        self.last = decision.announcements
        self.said += decision.announcements

    def news(self, *beginnings: str) -> list[str]:
        """`instalment-missed L1/2`, `plan-rejudged L1 defaulted→active`: said by the last step."""
        return brief(self.last, *beginnings)

    def event(self, kind: str) -> Any:
        """The data of the one event of a type that the last step said."""
        (only,) = [event.data for event in self.last if event.type == kind]
        return only

    def published(self, kind: str) -> list[Any]:
        """The data of all events of a type that were ever said."""
        return [event.data for event in self.said if event.type == kind]

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
            found |= {"invoices": known.covers, "grace_until": known.data.grace_until_on}
        elif isinstance(known, WriteOff):
            found |= {"amount": self._lying(name), "recovered": self._recovered(known)}
        elif isinstance(known, Placement):
            found |= {"invoices": known.invoice_ids, "placed": known.placed_minor}
            found |= {"recalled_on": known.recalled_on}
        if isinstance(known, Settlement):
            found |= {"conceded": known.conceded_minor}
        return found

    def _lying(self, write_off_id: str) -> int:
        """What still lies as written off."""
        relief = self.account.credits.get(("write_off", write_off_id))
        return relief.amount_minor if relief is not None else 0

    def _recovered(self, known: WriteOff) -> int:
        return sum(self.account.invoices[i].recovered_minor for i in known.invoice_ids)

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
        names += ("arrears", "promised", "recoverable", "charges", "disputed_charges")
        day = self.begun.on(self.account.zone)
        accrued = sum(
            accrued_minor(self.account, invoice_id, day)
            for invoice_id, invoice in self.account.invoices.items()
            if invoice.currency == currency
        )
        return {name: getattr(found, f"{name}_minor") for name in names} | {"accrued": accrued}

    def invoice(self, invoice_id: str) -> Mapping[str, Any]:
        known = self.account.invoices[invoice_id]
        discounts = [h.amount_minor for h in known.holdings if h.kind == "discount"]
        return {
            "status": known.status,
            "balance": known.balance_minor,
            "recoverable": known.recoverable_minor,
            "discount": sum(discounts),
        }

    def stops(self) -> set[tuple[str, date | None]]:
        return {(stop.kind, stop.until) for stop in stops(self.account, self.account.aged_on)}

    def commission(self, payment_id: str) -> int | None:
        found = commissions(self.account)
        return next((c.commission_minor for c in found if c.payment_id == payment_id), None)

    def exceeded(self) -> bool:
        return is_exceeded(self.account)

    def everything(self) -> dict[str, Any]:
        """All that is so now, in plain data; as the referee says it."""
        account = self.account
        mine = [(key, value) for key, value in account.objects.each() if key[0] in _SUBJECTS]
        subjects: list[tuple[tuple[str, str], Any]] = [*mine]
        return {
            "states": {
                key: (known.state, known.history[-1].at if known.history else None)
                for key, known in subjects
            },
            "figures": {
                key: {
                    name: value
                    for name, value in self.figures(*key).items()
                    if name not in ("because", "short")
                }
                for key, _ in subjects
            },
            "invoices": {name: self.invoice(name) for name in sorted(account.invoices)},
            "amounts": {code: self.amounts(code) for code in sorted(account.currencies)},
            "allocations": self._allocations(),
            "stops": self.stops(),
            "commissions": sorted(
                (c.placement_id, c.payment_id, c.base_minor, c.commission_minor, c.settled)
                for c in commissions(account)
                if c.base_minor
            ),
            "exceeded": self.exceeded(),
        }

    def _allocations(self) -> list[tuple[Any, ...]]:
        """What lies where now: (kind, source, invoice, charge, amount, is a recovery)."""
        sums: Counter[tuple[Any, ...]] = Counter()
        for (kind, credit_id), credit in self.account.credits.items():
            for known in credit.allocations:
                if known.released_at is None:
                    place = (known.invoice_id, known.charge_id)
                    sums[kind, credit_id, *place, known.is_recovery] += known.amount_minor
        found = [(*key[:4], minor, key[4]) for key, minor in sums.items() if minor]
        return sorted(found, key=repr)

    def charge(self, charge_id: str) -> Mapping[str, Any] | None:
        known = charge_of(self.account, charge_id)
        if known is None:
            return None
        return {
            "amount": 0 if known.is_void else known.amount_minor,
            "waived": known.waived_minor,
            "paid": known.paid_minor,
            "posted": [(p.on.isoformat(), p.amount_minor) for p in postings(known)],
        }

    def skipped(self, charge_id: str) -> str | None:
        for steps in self.account.objects.of("steps").values():
            assert isinstance(steps, Steps)
            for skip in steps.skipped:
                if skip.charge_id == charge_id:
                    return skip.reason
        return None


def rules_of(policies: Any = None, rates: Any = None) -> Rules:
    """Rules as the stories write them: documents by the day from which they hold."""
    if not policies and not rates:
        return NO_RULES
    found: dict[str, Any] = {}
    read = {"charges": _charging, "allocation": _allocation, "recovery": _recovery}
    for name, dated in (policies or {}).items():
        if name not in read:
            continue
        days = sorted(dated, key=lambda item: item[0])
        first = getattr(NO_RULES, name).first
        found[name] = Dated(
            first, tuple(day for day, _ in days), tuple(read[name](doc) for _, doc in days)
        )
    rows = {
        name: [RateRow(day, Fraction(percent)) for day, percent in known]
        for name, known in (rates or {}).items()
    }
    return Rules(rates=rate_tables((), rows, 1), **found)


def _charging(document: Any) -> Any:
    rules = [
        {**rule, "id": f"{rule['id']}-{number}"}
        | ({} if rule.get("disclosure") else {"because": "terms"})
        for number, rule in enumerate(document.get("rules", []))
    ]
    for rule in rules:
        if rule["kind"] == "compensation":
            rule.pop("step", None)
    whole = {"name": "charges", "version": "1", **document, "rules": rules}
    return charging(read_charges(json.dumps(whole, default=str)), {})


def _recovery(document: Any) -> Any:
    return msgspec.convert({"name": "recovery", "version": "1", **document}, RecoveryPolicy)


def _allocation(document: Any) -> Any:
    return read_allocation(json.dumps({"name": "allocation", "version": "1", **document}))


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
