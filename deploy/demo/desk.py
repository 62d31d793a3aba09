"""People at the desk: collectors work the list, supervisors decide, somebody listens to calls."""

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx

from deploy.demo.acts import Request, Spoken
from deploy.demo.calls import Calls, checked
from deploy.demo.source import Source, rfc3339
from deploy.demo.steering import COLLECTORS

_LISTENER, _SUPERVISOR = "bruno", "sofia"
_CALLS = frozenset({"call", "callback", "early-warning"})
_LOOKED_FOR = frozenset({"find-contact-data", "verify-party"})
_APPROVED_TENTHS = 7
_REFUSED = "The ledger refuses"
_BILLING = "DIS-"  # disputes that the billing platform tells of, and ends itself
_TASKS_MAX = 20_000  # in one sitting: far beyond what may come up


class Desk:
    """One tenant's people, and what they did."""

    def __init__(self, calls: Calls, source: Source) -> None:
        self._calls = calls
        self._source = source
        self.done: Counter[str] = Counter()  # by disposition
        self.verdicts: Counter[str] = Counter()  # of calls that may not be made
        self.decided: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()  # "promise taken"
        self._collector = COLLECTORS[0]  # who works the next task: they take turns

    async def work(self, at: datetime) -> bool:
        """Whatever there is to do at the instant; whether there was anything."""
        worked = False
        for _ in range(_TASKS_MAX):
            following = COLLECTORS.index(self._collector) + 1
            self._collector = COLLECTORS[following % len(COLLECTORS)]
            answer = await self._calls.desk(self._collector, "POST", "/v1/worklist/next", {})
            if answer.status_code == httpx.codes.NO_CONTENT:
                break
            worked = True
            await self._task(checked(answer), at)
        return await self._decide() or worked

    # ------------------------------------------------------------------ tasks

    async def _task(self, task: dict[str, Any], at: datetime) -> None:
        kind, account_id = task["kind"], task["account_id"]
        if kind in _CALLS:
            await self._call(task, at)
            return
        if kind == "review":
            await self._review(task)  # which ends the task
            return
        spoken = self._source.agrees(account_id, at) if kind == "promise" else None
        if spoken is not None and spoken.request is not None:
            await self._end(task, spoken, at)
            return
        if kind in _LOOKED_FOR:
            self._source.found(account_id, at)
        await self._complete(task, {"disposition": "no-call", "seconds": 120})
        if kind == "dispute-review":  # which would cancel the task
            await self._look_into(account_id, at)
            await self._calls.settle()

    async def _call(self, task: dict[str, Any], at: datetime) -> None:
        path = f"/v1/tasks/{task['task_id']}/call"
        answer = await self._calls.desk(self._collector, "POST", path, {})
        spoken = None
        if answer.is_success:
            spoken = self._source.spoken(task["account_id"], at)
        else:
            self.verdicts[_why(answer)] += 1
        if spoken is None:
            await self._complete(task, {"disposition": "no-call", "seconds": 30})
            return
        await self._end(task, spoken, at, answer.json()["call_id"])

    async def _end(
        self, task: dict[str, Any], spoken: Spoken, at: datetime, call_id: str | None = None
    ) -> None:
        """What was agreed goes to the ledger; what it refuses was a conversation, no more."""
        body: dict[str, Any] = {"disposition": spoken.disposition, "seconds": spoken.seconds}
        if call_id is not None:
            body["call_id"] = call_id
        if spoken.in_days is not None:
            body["follow_up_at"] = rfc3339(at + timedelta(days=spoken.in_days))
        request = spoken.request
        if request is not None:
            body["command"] = request.body
        elif spoken.disposition in ("promise", "plan", "dispute"):
            body["disposition"] = "payment-claim"  # nothing is open that could be agreed on
        is_refused = await self._complete(task, body)
        if request is not None:
            await self._agreed(request, is_refused=is_refused)
        if is_refused:
            del body["command"]
            await self._complete(task, {**body, "disposition": "refusal"})

    async def _agreed(self, request: Request, *, is_refused: bool) -> None:
        self.asked[f"{request.noun} {'refused' if is_refused else 'taken'}"] += 1
        shown = None
        if not is_refused:
            path = f"/v1/accounts/{request.account_id}/{request.noun}s/{request.id}"
            shown = await self._calls.get("ledger", path)
            await self._calls.settle()  # it may cancel what else there is to do about the account
        self._source.answered(request, shown)

    async def _complete(self, task: dict[str, Any], body: dict[str, Any]) -> bool:
        """Whether the ledger refused its command."""
        path = f"/v1/tasks/{task['task_id']}/complete"
        answer = await self._calls.desk(self._collector, "POST", path, body)
        if "command" in body and _is_refused(answer):
            return True
        checked(answer)
        self.done[body["disposition"]] += 1
        return False

    async def _review(self, task: dict[str, Any]) -> None:
        """Somebody else than who called listens to it; the task's note ends with the call's."""
        reviewed = task["note"].rpartition(" ")[2]
        body = {"scores": {"tone": 4, "disclosures": 5}}
        checked(await self._calls.desk(_LISTENER, "POST", f"/v1/tasks/{reviewed}/reviews", body))
        self.done["reviewed"] += 1

    async def _look_into(self, account_id: str, at: datetime) -> None:
        """Disputes that replies opened: the creditor was right."""
        path = f"/v1/accounts/{account_id}/disputes"
        shown = await self._calls.get("ledger", path, state="open")
        for dispute in shown["items"]:
            if not dispute["dispute_id"].startswith(_BILLING):
                await self._calls.reject(account_id, dispute["dispute_id"], at)

    # ------------------------------------------------------------------ approvals

    async def _decide(self) -> bool:
        """All that waits. The same decision whenever it is asked: by its subject."""
        shown = await self._calls.get("outreach", "/v1/approvals", state="pending", limit="500")
        for approval in shown["items"]:
            first = sha256(str(approval["subject_id"]).encode()).digest()[0]
            decision = "approve" if first % 10 < _APPROVED_TENTHS else "refuse"
            path = f"/v1/approvals/{approval['approval_id']}/decide"
            body = {"decision": decision, "reason": "looked at"}
            answer = await self._calls.desk(_SUPERVISOR, "POST", path, body)
            checked(answer)
            self.decided[f"{approval['kind']} {decision}d"] += 1
        return bool(shown["items"])


def _is_refused(answer: httpx.Response) -> bool:
    """Whether the ledger did not take a command: for what it says, or for what is in force."""
    if answer.status_code == httpx.codes.CONFLICT:
        return str(answer.json().get("detail", "")).startswith(_REFUSED)
    return answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY


def _why(answer: httpx.Response) -> str:
    """The rule that forbids a call; `no-number` where there is none."""
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        return "no-number"
    if answer.status_code != httpx.codes.CONFLICT:
        checked(answer)
    verdict = answer.json().get("verdict", {})
    return next((each["rule"] for each in verdict.get("decided_by", ())), "other")
