"""A generated portfolio: what its customers are billed, and what they do about it.

Everything follows from the seed, the business time and the messages received: each account draws
from its own numbers, so that what one does never changes what another does.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from deploy.demo.acts import Answer, Planned, Request, Spoken
from deploy.demo.payers import Payer
from deploy.demo.people import customers
from deploy.demo.received import Received
from deploy.demo.source import BillingEvent, rfc3339

FIRST_DAY = date(2026, 1, 1)
SOURCE = "/demo/billing"
# What late payers are charged: a fee a month past due, and interest.
CHARGES: dict[str, Any] = {
    "name": "charges",
    "version": "demo",
    "rules": [
        {
            "id": "late",
            "kind": "late_fee",
            "step": 31,
            "amount": {"fixed": {"EUR": 5, "USD": 5, "JPY": 800}},
            "disclosure": None,
            "because": "terms of the contract",
        },
        {
            "id": "interest",
            "kind": "interest",
            "rate": {"percent": 9},
            "day_count": "act/365",
            "after_days": 0,
            "post": "stage",
            "disclosure": None,
            "because": "terms of the contract",
        },
    ],
}


class Portfolio:
    """A year of bills, and payers who react to being contacted."""

    def __init__(self, seed: int, accounts: int, days: int) -> None:
        self.first_day = FIRST_DAY
        self.days = days
        self.accounts = accounts
        self.policies: Sequence[dict[str, Any]] = [CHARGES]
        self.planned_in: str | None = "EUR"
        self.refused: list[str] = []
        self._heap: list[tuple[datetime, int, str, Planned]] = []
        self._planned = 0
        self._requests: list[Request] = []
        self._answers: list[Answer] = []
        self._payers: dict[str, Payer] = {}
        self._by_address: dict[str, list[Payer]] = {}
        for customer in customers(seed, accounts, FIRST_DAY, days):
            payer = Payer(customer, seed)
            self._payers[customer.account_id] = payer
            for address in (customer.email, customer.phone):
                if address:
                    self._by_address.setdefault(address, []).append(payer)
            self._plan(payer, payer.joins())

    def until(self, instant: datetime) -> list[BillingEvent]:
        return list(self._happen(instant))

    def requests(self) -> list[Request]:
        asked, self._requests = self._requests, []
        return asked

    def answered(self, request: Request, shown: dict[str, Any] | None) -> None:
        self._plan(self._payers[request.account_id], request.answered(shown))

    def answers(self) -> list[Answer]:
        said, self._answers = self._answers, []
        return said

    def received(self, messages: Sequence[Received], at: datetime) -> None:
        for message in messages:
            for number, payer in enumerate(self._by_address.get(message.to, ())):
                if number == 0:  # of who has two accounts one answers, and both are paid
                    self._plan(payer, payer.received(message, at))
                elif payer.answers.does_arrive(message):
                    self._plan(payer, payer.contacted(at))

    def letter(self, account_id: str, message: Received, at: datetime) -> None:
        payer = self._payers[account_id]
        self._plan(payer, payer.received(message, at))

    def spoken(self, account_id: str, at: datetime) -> Spoken | None:
        return self._payers[account_id].answers.spoken(at)

    def agrees(self, account_id: str, at: datetime) -> Spoken | None:
        return self._payers[account_id].answers.agrees(at)

    def found(self, account_id: str, at: datetime) -> None:
        payer = self._payers[account_id]
        self._plan(payer, payer.found(at))
        if payer.customer.email:
            self._by_address.setdefault(payer.customer.email, []).append(payer)

    def _happen(self, instant: datetime) -> Iterator[BillingEvent]:
        while self._heap and self._heap[0][0] < instant:
            at, _, account_id, planned = heapq.heappop(self._heap)
            payer = self._payers[account_id]
            done = planned.act(at)
            for event in done.events:
                yield {
                    "specversion": "1.0",
                    "id": event.id,
                    "source": SOURCE,
                    "type": event.type,
                    "subject": account_id,
                    "time": rfc3339(at),
                    "data": event.data,
                }
            self._requests += done.requests
            self._answers += done.answers
            self._plan(payer, done.planned)

    def _plan(self, payer: Payer, acts: Sequence[Planned]) -> None:
        for planned in acts:
            self._planned += 1
            account_id = payer.customer.account_id
            heapq.heappush(self._heap, (planned.at, self._planned, account_id, planned))
