"""Who will pay, from outside: train, promote, re-score, replay bit for bit, change the policy."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import Mint
from tests.e2e.desk import Desk
from tests.e2e.log import Logged, read_log
from tests.e2e.platform import Platform

Json = dict[str, Any]
ACCOUNTS = 24
WEEK, FORTNIGHT, TERMS = timedelta(days=7), timedelta(days=14), timedelta(days=14)
FIRST, LEARNED, ASKED, LAST = (
    date(2025, 8, 3), date(2025, 12, 28), date(2026, 2, 15), date(2026, 3, 1),
)  # fmt: skip
TARGETS = ("late_payment", "pays_within")
RULES = "rules-1"
DUE_OR_NOT = """
name: due-or-not
risk: {medium_from: 0.3, high_from: 0.6}
segments:
  - name: due
    description: Something is past due.
    when: {age_from: 1}
  - name: fine
    description: All others.
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture
def desk(shared_platform: Callable[[str], Platform]) -> Desk:
    return Desk(shared_platform("local")).settle_in(timezone="UTC")


@dataclass(frozen=True)
class Invoice:
    """One row of the history; the payer's own habits make it late or not."""

    account_id: str
    number: int
    issued_on: date
    settled_on: date
    amount_minor: int

    @property
    def invoice_id(self) -> str:
        return f"{self.account_id}-{self.number}"

    @property
    def due_on(self) -> date:
        return self.issued_on + TERMS

    def events(self) -> Iterator[Json]:
        same = {
            "account_id": self.account_id, "currency": "EUR", "amount_minor": self.amount_minor,
        }  # fmt: skip
        issued = {"issued_on": str(self.issued_on), "due_on": str(self.due_on)}
        yield event(
            "invoice-issued", self.invoice_id, f"{self.issued_on}T08:00:00Z",
            {**same, "invoice_id": self.invoice_id, **issued},
        )  # fmt: skip
        at = f"{self.settled_on}T10:00:00Z"
        paid = {**same, "payment_id": f"p-{self.invoice_id}", "received_at": at}
        yield event("payment-received", f"p-{self.invoice_id}", at, paid)


def event(type_: str, id_: str, time: str, data: Json) -> Json:
    return {
        "specversion": "1.0", "id": f"{type_}:{id_}", "source": "/billing", "type": type_,
        "time": time, "data": data,
    }  # fmt: skip


def history() -> list[Invoice]:
    """Payers who are late seldom, at times, or nearly always: the same rows every time."""
    rng = random.Random(8)
    made = []
    for number in range(ACCOUNTS):
        late_share = (0.05, 0.4, 0.9)[number % 3]
        issued_on, count = FIRST + timedelta(days=rng.randint(0, 13)), 0
        while issued_on < LAST:
            late = rng.random() < late_share
            days = 15 + int(rng.expovariate(1 / 25)) if late else rng.randint(1, 13)
            made.append(
                Invoice(
                    f"C{number:02}", count, issued_on, issued_on + timedelta(days=days),
                    rng.randint(20, 400) * 100,
                )
            )  # fmt: skip
            issued_on, count = issued_on + timedelta(days=rng.randint(9, 16)), count + 1
    return made


def live(desk: Desk, invoices: list[Invoice], from_on: date, to_on: date) -> None:
    """Fortnight by fortnight: a day begins, then what happened until the next comes in."""
    events = sorted((e for i in invoices for e in i.events()), key=lambda e: str(e["time"]))
    begun = from_on
    while begun < to_on:
        desk.start_day(str(begun))
        desk.send(*(e for e in events if str(begun) <= e["time"][:10] < str(begun + FORTNIGHT)))
        begun += FORTNIGHT
    desk.start_day(str(to_on))
    desk.platform.wait_quiet()


def expected_cases(invoices: list[Invoice], today: date) -> tuple[int, int]:
    """Earlier and later cases, by the contract's words alone."""
    days = sorted(i.issued_on for i in invoices if i.due_on < today)
    split = days[int(len(days) * 0.7)]
    early = sum(1 for day in days if day < split)
    return early, len(days) - early


def replayed(desk: Desk, *days: date) -> dict[tuple[str, str, str], str]:
    """Every account's scores on past days, byte for byte."""
    return {
        (account_id, target, str(day)): desk.call(
            "GET", "segmentation", f"/v1/accounts/{account_id}/score",
            params={"target": target, "as_of": str(day)},
        ).text
        for account_id in (f"C{number:02}" for number in range(ACCOUNTS))
        for target in TARGETS
        for day in days
    }  # fmt: skip


def ranked(desk: Desk) -> list[Json]:
    found: list[Json] = desk.get("segmentation", "/v1/accounts", limit=1000, order="priority")[
        "items"
    ]
    return found


def said(desk: Desk, type_: str) -> list[Logged]:
    log = read_log(desk.platform, desk.tenant, "segmentation.events")
    return [one for one in log if one.type == type_]


def rescored(desk: Desk, number: int) -> None:
    """The background has gone through everybody."""
    desk.platform.wait_quiet()
    (job,) = [
        one for one in desk.get("segmentation", "/v1/rescoring")["items"] if one["number"] == number
    ]
    assert job["ended_at"] is not None
    assert (job["done"], job["is_superseded"]) == (ACCOUNTS, False)


def test_history_model_promotion_replay_policy(desk: Desk) -> None:
    invoices = history()
    names = {i.account_id for i in invoices}
    desk.send(*(registered(name) for name in sorted(names)))
    live(desk, invoices, FIRST, ASKED)
    before = replayed(desk, LEARNED, ASKED - WEEK)
    assert all(RULES in text for text in before.values())

    check_backtest(desk, invoices)
    version = check_promotion(desk)

    later = replayed(desk, LEARNED, ASKED - WEEK)
    assert later == before, "a promotion changes nothing that was"
    live(desk, invoices, ASKED, LAST)
    by_model = replayed(desk, LAST - WEEK)
    of_model = [text for key, text in by_model.items() if key[1] == "late_payment"]
    assert sum(version in text for text in of_model) > ACCOUNTS // 2

    check_policy(desk)

    assert replayed(desk, LEARNED, ASKED - WEEK) == before, "nor does a policy, nor what came later"
    assert replayed(desk, LAST - WEEK) == by_model
    check_rollback(desk, version)


def registered(account_id: str) -> Json:
    data = {
        "account_id": account_id, "name": f"Customer {account_id}", "kind": "business",
        "email": f"{account_id}@example.com", "timezone": "UTC",
    }  # fmt: skip
    return event("account-registered", account_id, f"{FIRST}T07:00:00Z", data)


def check_backtest(desk: Desk, invoices: list[Invoice]) -> None:
    """As many cases as the contract says, and figures better than a coin's."""
    asked = {"target": "late_payment", "train_fraction": 0.7}
    tested = desk.post("segmentation", "/v1/backtests", asked)
    assert (tested["n_train"], tested["n_test"]) == expected_cases(invoices, ASKED)
    assert tested["auc"] > 0.7
    assert tested["brier"] < 0.2
    assert sum(one["cases"] for one in tested["calibration"]) == tested["n_test"]
    assert tested["baseline"]["auc"] > 0.7


def check_promotion(desk: Desk) -> str:
    """A model answers nobody before it is promoted, and everybody soon after."""
    order = {"target": "late_payment", "until": str(LEARNED)}
    trained = desk.post("segmentation", "/v1/models/train", order)
    version: str = trained["version"]
    assert trained["window"]["until"] == str(LEARNED)
    assert trained["n_test"] > 0
    assert score(desk, "C02")["model_version"] == RULES
    path = f"/v1/models/{version}/promote"
    refused = desk.call("POST", "segmentation", path, json={})
    assert refused.json()["errors"][0]["pointer"] == "/reason"

    promoted = desk.post("segmentation", path, {"reason": "better on the winter"})

    rescored(desk, promoted["rescoring"])
    now = score(desk, "C02")
    assert now["model_version"] == version
    assert now["probability"] > 0.5 > score(desk, "C00")["probability"]
    assert now["reasons"]
    (told,) = said(desk, "model-promoted")
    assert told.key == f"{desk.tenant}/"
    assert told.data["model_version"] == version
    assert told.data["reason"] == "better on the winter"
    return version


def score(desk: Desk, account_id: str) -> Json:
    path = f"/v1/accounts/{account_id}/score"
    found: Json = desk.get("segmentation", path, target="late_payment")
    return found


def check_policy(desk: Desk) -> None:
    """What the dry-run says is what then happens, and every move is said."""
    tried = desk.call(
        "POST", "segmentation", "/v1/policies/segments/dry-run", content=DUE_OR_NOT, headers=YAML
    ).json()
    known = len(said(desk, "segment-changed"))

    put = desk.call(
        "PUT", "segmentation", "/v1/policies/segments", content=DUE_OR_NOT, headers=YAML
    ).json()

    rescored(desk, put["rescoring"])
    accounts = ranked(desk)
    assert Counter(one["segment"] for one in accounts) == tried["segments"]
    assert {one["policy_version"] for one in accounts} == {tried["policy_version"]}
    worth = [(-one["priority"], one["account_id"]) for one in accounts]
    assert worth == sorted(worth)
    moves = said(desk, "segment-changed")[known:]
    assert len(moves) == tried["moved"] == ACCOUNTS
    reason = f"segment-policy-activated {tried['policy_version']}"
    assert {move.data["because"] for move in moves} == {reason}
    (told,) = said(desk, "segment-policy-activated")
    assert told.data["policy_version"] == tried["policy_version"]


def check_rollback(desk: Desk, version: str) -> None:
    back = {"target": "late_payment", "reason": "worse in spring"}
    rolled = desk.post("segmentation", "/v1/models/rollback", back)
    rescored(desk, rolled["rescoring"])
    assert (rolled["from_version"], rolled["is_rollback"]) == (version, True)
    assert score(desk, "C02")["model_version"] == RULES
    assert said(desk, "model-promoted")[-1].data["is_rollback"]


def test_what_is_asked_wrongly_is_told_and_others_see_nothing(
    shared_platform: Callable[[str], Platform], mint: Mint
) -> None:
    desk = Desk(shared_platform("local")).settle_in(timezone="UTC")
    desk.send(registered("C1"))
    desk.platform.wait_quiet()
    other = Desk(desk.platform, token=mint("somebody-else", "segmentation:read"))
    order = {"target": "late_payment"}
    wrong = DUE_OR_NOT.replace("age_from", "agee_from")

    told = {
        "unknown account": ask(desk, "GET", "/v1/accounts/C2/score"),
        "other tenant": ask(other, "GET", "/v1/accounts/C1/score"),
        "wrong scope": ask(other, "POST", "/v1/models/train", json=order),
        "no history": ask(desk, "POST", "/v1/models/train", json=order),
        "no such model": ask(desk, "POST", "/v1/models/m/promote", json={"reason": "why not"}),
        "unknown feature": ask(desk, "PUT", "/v1/policies/segments", content=wrong, headers=YAML),
    }

    assert {name: status for name, (status, _) in told.items()} == {
        "unknown account": 404, "other tenant": 404, "wrong scope": 403, "no history": 422,
        "no such model": 404, "unknown feature": 422,
    }  # fmt: skip
    assert "age_from" in told["unknown feature"][1]["errors"][0]["detail"]
    assert "no case" in told["no history"][1]["detail"]


def ask(desk: Desk, method: str, path: str, **given: Any) -> tuple[int, Json]:
    answer = desk.call(method, "segmentation", path, **given)
    return answer.status_code, answer.json()
