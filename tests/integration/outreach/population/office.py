"""What people do: tasks, approvals, strategies and pauses set by hand."""

import random
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx

from services.outreach.debtors.domain.own_pauses import OwnPause as Pause
from services.outreach.dunning.commands.pauses import pause
from tests.integration.outreach.population.bills import DAY
from tests.integration.outreach.population.debts import Debt
from tests.integration.outreach.population.referee import Referee
from tests.integration.outreach.population.rules import OwnPause, business_days_after
from tests.integration.outreach.world import World

TASKS_DONE = (
    "promise", "payment-claim", "refusal", "no-answer", "no-answer", "voicemail", "no-call",
    "hardship", "dispute",
)  # fmt: skip


@dataclass
class Office:
    world: World
    referee: Referee
    debts: dict[str, Debt]
    client: httpx.AsyncClient
    chance: random.Random
    posts: int = 0

    async def work(self, now: datetime) -> None:
        for _ in range(self.chance.randint(0, 2)):
            person = {"X-Actor": self.chance.choice(("ann", "bob"))}
            answer = await self.client.post("/v1/worklist/next", headers=person)
            if answer.status_code == 204:
                break
            assert answer.status_code == 200, answer.text
            await self._complete(answer.json(), person, now)
        if self.chance.random() < 0.3:
            await self._decide()
        if self.chance.random() < 0.15:
            await self._override(now)
        if self.chance.random() < 0.1:
            await self._pause(now)

    async def _complete(
        self, task: dict[str, object], person: dict[str, str], now: datetime
    ) -> None:
        account_id = str(task["account_id"])
        debt = self.debts[account_id]
        how = self.chance.choice(TASKS_DONE)
        body: dict[str, object] = {"disposition": how, "seconds": 60}
        if how == "promise":
            due = (debt.today + 5 * DAY).isoformat()
            body["command"] = {"amount_minor": 1000, "currency": "EUR", "due_on": due}
        if how == "dispute":
            if not debt.open:
                body["disposition"] = how = "no-call"
            else:
                body["command"] = {"invoice_id": debt.open[0].invoice_id, "reason_code": "other"}
        path = f"/v1/tasks/{task['task_id']}/complete"
        answer = await self.client.post(path, json=body, headers=person)
        if answer.status_code != 200:
            self.referee.tell(account_id, now, f"task {task} not completed: {how}")
            self.referee.suspects.add(account_id)
            self.referee.violations.append(f"task not completed: {answer.text}")
            return
        self.referee.tell(account_id, now, f"task {task['kind']} completed: {how}")
        if how not in ("no-answer", "voicemail"):
            self.referee.release(account_id, "reply")
            if task["kind"] == "check-payment":
                self.referee.release(account_id, "claim")
        if how != "no-call":
            self.referee.called(account_id, now)
        if how == "payment-claim":
            day = now.astimezone(ZoneInfo(debt.zone)).date()
            until = business_days_after(day, 5)
            self.referee.own.append(OwnPause(frozenset({account_id}), "claim", day, until))

    async def _decide(self) -> None:
        answer = await self.client.get("/v1/approvals", params={"state": "pending"})
        for each in answer.json()["items"][:2]:
            decision = self.chance.choice(("approve", "refuse"))
            path = f"/v1/approvals/{each['approval_id']}/decide"
            await self.client.post(path, json={"decision": decision}, headers={"X-Actor": "eve"})

    async def _override(self, now: datetime) -> None:
        account_id = self.chance.choice([a for a, d in self.debts.items() if not d.is_erased])
        names = (None, "none", "consumer-retail", "business-trade-credit", "financial-services")
        body = {"strategy": self.chance.choice(names), "reason": "by lot"}
        self.referee.tell(account_id, now, f"strategy {body['strategy']}")
        answer = await self.client.put(f"/v1/accounts/{account_id}/strategy", json=body)
        assert answer.status_code == 200, answer.text

    async def _pause(self, now: datetime) -> None:
        account_id = self.chance.choice(sorted(self.debts))
        debt = self.debts[account_id]
        if debt.is_erased:
            return
        until = debt.today + self.chance.randint(1, 10) * DAY
        self.referee.tell(account_id, now, f"paused until {until}")
        self.posts += 1
        asked = Pause(
            pause_id=f"by hand {self.posts}", account_id=account_id, kind="manual",
            from_on=debt.today, created_at=now, until_on=until, reason="by lot",
        )  # fmt: skip
        async with self.world.db.transaction() as session:
            await pause(session, self.world.tenant, asked)
        self.referee.own.append(OwnPause(frozenset({account_id}), "manual", debt.today, until))
