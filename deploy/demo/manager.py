"""Whoever runs collections: says what figures should be, plans, begins days, holds reviews."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any

from deploy.demo import steering
from deploy.demo.calls import Calls, Failed
from deploy.demo.source import Source
from shared.clock import monotonic

_EXPERIMENT = f"/v1/experiments/{steering.EXPERIMENT}"
_MAILS_SECONDS_MAX = 60.0
_PAUSE_SECONDS = 0.1


class Manager:
    """One tenant's, in metrics."""

    def __init__(self, calls: Calls, source: Source) -> None:
        self._calls = calls
        self._source = source
        self.begun: Counter[str] = Counter()  # what the days that began came to

    async def open(self) -> None:
        """Before the first day."""
        await self._set("PUT", "/v1/settings", {"people": "all"})
        if self._source.planned_in is None:
            return
        first = self._source.first_day
        for kpi, targets in steering.TARGETS.items():
            items = [
                {"from_on": first.isoformat(), "split": split, "value": value}
                for split, value in targets
            ]
            await self._set("PUT", f"/v1/targets/{kpi}", {"items": items})
        await self._set("PUT", "/v1/alert-rules", steering.ALERT_RULES)
        await self._certify(first)
        await self._experiment()
        await self._plan(self._source.planned_in)

    async def begin(self, day: date) -> None:
        """A day begins: the one before is judged."""
        if self._source.planned_in is not None and day == self._source.first_day:
            await self._start_experiment()
        body = {"day": day.isoformat()}
        self.begun.update((await self._set("POST", "/v1/jobs/start-day", body))["counts"])
        begins, _ = steering.plan_days(self._source.first_day, self._source.days)
        if self._source.planned_in is not None and steering.reviews_on(day, begins):
            await self._review(day)

    async def end(self) -> None:
        """Return when the mails of alerts have left."""
        end = monotonic() + _MAILS_SECONDS_MAX
        while waiting := [
            each
            for alert in await self._calls.listed("metrics", "/v1/alerts")
            for each in alert["deliveries"]
            if each["state"] == "queued"
        ]:
            if monotonic() > end:
                raise Failed(f"{len(waiting)} mails of alerts do not leave: {waiting[0]}")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _certify(self, first: date) -> None:
        """Collectors who may make a first call; the last of them has yet to learn it."""
        for person in steering.COLLECTORS[:-1]:
            await self._calls.act(
                "outreach", "PUT", f"/v1/people/{person}/certificates",
                {
                    "name": steering.CERTIFICATE,
                    "valid_from": first.isoformat(),
                    "valid_until": first.replace(year=first.year + 2).isoformat(),
                },
                steering.APPROVER,
            )  # fmt: skip

    async def _experiment(self) -> None:
        """What it is to compare is on paper before it starts."""
        await self._calls.act("segmentation", "PUT", _EXPERIMENT, steering.DESIGN, steering.AUTHOR)
        await self._set("PUT", f"{_EXPERIMENT}/analysis", steering.ANALYSIS)

    async def _start_experiment(self) -> None:
        """Once it is known what day it is."""
        await self._calls.act("segmentation", "POST", f"{_EXPERIMENT}/start", {}, steering.AUTHOR)

    async def _plan(self, currency: str) -> None:
        """One writes it, another approves it."""
        source = self._source
        await self._calls.act(
            "outreach", "PUT", f"/v1/strategies/{steering.firmer()['name']}", steering.firmer(),
            steering.AUTHOR,
        )  # fmt: skip
        document = steering.plan(currency, source.first_day, source.days, source.accounts)
        written = await self._set("POST", "/v1/plans", document)
        path = f"/v1/plans/{steering.PLAN}/approve"
        await self._set("POST", path, {"version": written["version"]}, steering.APPROVER)

    async def _review(self, day: date) -> None:
        """Alerts are taken note of, and what was decided is written down."""
        for alert in await self._calls.listed("metrics", "/v1/alerts", state="raised"):
            if alert["acknowledged_by"] is None:
                path = f"/v1/alerts/{alert['alert_id']}/acknowledge"
                await self._set("POST", path, {"note": "seen at the review"})
        progress = await self._calls.get("metrics", f"/v1/plans/{steering.PLAN}/progress")
        late = [each for each in progress["objectives"] if each["verdict"] == "off_track"]
        decisions = [
            {"text": f"look into {each['id']}", "who": steering.AUTHOR, "by": each["by"]}
            for each in late
        ]
        notes = f"{len(late)} of {len(progress['objectives'])} objectives are off track"
        body = {"notes": notes, "decisions": decisions}
        await self._set("POST", f"/v1/plans/{steering.PLAN}/reviews", body)
        person = steering.COLLECTORS[day.month % len(steering.COLLECTORS)]
        talk = {"on": day.isoformat(), "notes": "the month's calls", "agreed": ["one coached call"]}
        await self._set("POST", f"/v1/people/{person}/conversations", talk, steering.APPROVER)

    async def _set(
        self, method: str, path: str, body: dict[str, Any], by: str = steering.AUTHOR
    ) -> Any:
        return await self._calls.act("metrics", method, path, body, by)
