"""Who is taken through the stories: the referee, and the engine."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from functools import cached_property
from typing import Any

from tests.oracles.arranged import answers
from tests.oracles.arranged import write_offs as writing_off
from tests.oracles.arranged.world import World
from tests.unit.ledger.arrangements.told import BERLIN, Told


class Oracle:
    """The referee: every question replays all facts."""

    def __init__(
        self, *, tenant_zone: str = BERLIN, policies: Any = None, rates: Any = None
    ) -> None:
        self.facts: list[Told] = []
        self.begun: date | None = None
        self.tenant_zone, self.policies, self.rates = tenant_zone, policies, rates

    def record(self, fact: Told) -> None:
        if (fact.kind, fact.fact_id) not in [(f.kind, f.fact_id) for f in self.facts]:
            self.facts.append(fact)
            self.__dict__.pop("world", None)

    def start_day(self, day: date) -> None:
        self.begun = day if self.begun is None else max(day, self.begun)
        self.__dict__.pop("world", None)

    @cached_property
    def world(self) -> World:
        return World(self.facts, self.tenant_zone, self.begun, self.policies, self.rates)

    def figures(self, noun: str, name: str) -> Mapping[str, Any]:
        return answers.figures(self.world, noun, name)

    def history(self, noun: str, name: str) -> list[tuple[str, datetime]]:
        found = answers.subject(self.world, noun, name)
        return [(step.state, step.at) for step in found.history] if found else []

    def amounts(self, currency: str) -> Mapping[str, int]:
        return asdict(answers.amounts(self.world)[currency])

    def invoice(self, invoice_id: str) -> Mapping[str, Any]:
        bill = self.world.bills[invoice_id]
        return {
            "status": answers.status(self.world, bill),
            "balance": self.world.principal(bill),
            "recoverable": self.world.recoverable(invoice_id),
            "discount": sum(
                put.amount for put in self.world.on_principal(invoice_id) if put.kind == "discount"
            ),
        }

    def stops(self) -> set[tuple[str, date | None]]:
        return {(stop.kind, stop.until) for stop in answers.stops(self.world)}

    def commission(self, payment_id: str) -> int | None:
        found = writing_off.commissions(self.world)
        return next((c.commission for c in found if c.payment_id == payment_id), None)

    def exceeded(self) -> bool:
        return answers.credit(self.world).exceeded

    def charge(self, charge_id: str) -> Mapping[str, Any] | None:
        charge = self.world.charges.get(charge_id)
        if charge is None:
            return None
        posted: dict[str, int] = {}
        for posting in charge.postings:
            on = posting.on.isoformat()
            posted[on] = posted.get(on, 0) + posting.amount
        return {
            "amount": 0 if charge.gone else charge.amount,
            "waived": charge.waived,
            "paid": charge.amount - charge.waived - self.world.open_of(charge),
            "posted": list(posted.items()),
        }

    def skipped(self, charge_id: str) -> str | None:
        return self.world.skipped.get(charge_id)

    def everything(self) -> dict[str, Any]:
        """All that is so now, in plain data: what an engine must answer the same, on any way."""
        world = self.world
        subjects: list[tuple[str, Any]] = [
            *(("promise", it) for it in world.promises.values()),
            *((it.noun, it) for it in world.arrangements.values()),
            *(("write-off", it) for it in world.write_offs.values()),
            *(("placement", it) for it in world.placements.values()),
        ]
        return {
            "states": {
                (noun, it.id): (it.state, it.history[-1].at if it.history else None)
                for noun, it in subjects
            },
            "figures": {
                (noun, it.id): {
                    key: value
                    for key, value in self.figures(noun, it.id).items()
                    if key not in ("because", "short")
                }
                for noun, it in subjects
            },
            "invoices": {name: self.invoice(name) for name in sorted(world.bills)},
            "charges": {name: self.charge(name) for name in sorted(world.charges)},
            "amounts": {key: asdict(value) for key, value in answers.amounts(world).items()},
            "allocations": answers.allocations(world),
            "stops": self.stops(),
            "commissions": sorted(
                (c.placement_id, c.payment_id, c.base, c.commission, c.settled)
                for c in writing_off.commissions(world)
            ),
            "exceeded": self.exceeded(),
            "deadlines": sorted(world.deadlines),
        }
