"""The tenant's dialler: takes the calls that are due, dials those that may be made, tells how they
went."""

from collections import Counter
from random import Random
from typing import Any

import httpx

from deploy.demo.calls import Calls, checked

_DIALLER = "dialler"
_RESULTS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"status": "answered", "answered_by": "human", "seconds": 45}, 40),
    ({"status": "answered", "answered_by": "machine", "seconds": 8}, 20),
    ({"status": "no-answer"}, 28),
    ({"status": "busy"}, 8),
    ({"status": "not-in-service"}, 1),
    ({"status": "failed"}, 3),
)


class Dialler:
    """One tenant's."""

    def __init__(self, calls: Calls, seed: int) -> None:
        self._calls = calls
        self._seed = seed
        self.made: Counter[str] = Counter()

    async def work(self) -> bool:
        """Every call that is due now; whether there was one."""
        path = "/v1/dialler/calls?limit=500"
        due = checked(await self._calls.desk(_DIALLER, "GET", path))["calls"]
        for call in due:
            await self._dial(call["contact_id"])
        return bool(due)

    async def _dial(self, contact_id: str) -> None:
        path = f"/v1/dialler/calls/{contact_id}"
        go = checked(await self._calls.desk(_DIALLER, "POST", f"{path}/go"))
        if not go["go"]:
            self.made[f"not made: {go['because']}"] += 1
            return
        rng = Random(f"{self._seed}:{contact_id}")  # noqa: S311 - repeats, no secret
        result = rng.choices([r for r, _ in _RESULTS], [weight for _, weight in _RESULTS])[0]
        answer = await self._calls.desk(_DIALLER, "POST", f"{path}/result", result)
        if answer.status_code != httpx.codes.CONFLICT:
            checked(answer)
        self.made[result["status"]] += 1
