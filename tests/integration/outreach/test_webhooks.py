"""Webhooks end to end: told in order, signed, tried again, set aside, replayed, switched off."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from services.outreach.channels.clients.webhook_post import WebhookPoster
from services.outreach.consumer import take_webhook_events
from services.outreach.webhooks.clients import WebhookClients, open_webhook_clients
from services.outreach.webhooks.processes import post_due
from shared.events import METRICS, OUTREACH, Received, metrics, outreach
from tests.integration.outreach.doors import settings_for
from tests.integration.outreach.killed import run_and_die
from tests.integration.outreach.webhook_peer import WebhookPeer, webhook_peer
from tests.integration.outreach.world import World

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def peer() -> AsyncIterator[WebhookPeer]:
    async with webhook_peer() as peer:
        yield peer


class Hooks:
    """What a test does with webhooks; `now` is machine time."""

    def __init__(
        self,
        world: World,
        client: httpx.AsyncClient,
        peer: WebhookPeer,
        clients: WebhookClients,
    ) -> None:
        self.world, self.client, self.peer, self.clients = world, client, peer, clients
        self.now = datetime.now(UTC)
        self.numbers: dict[str, int] = {}

    async def add(self, path: str, *types: str) -> dict[str, Any]:
        body = {"url": self.peer.url + path, "types": list(types or ("case-opened",))}
        answer = await self.client.post("/v1/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        self.now = max(self.now, datetime.now(UTC))
        found: dict[str, Any] = answer.json()
        return found

    async def say(self, *accounts: str, type_: str = "case-opened") -> None:
        """Events of outreach, as its own log gives them."""
        events = []
        for account_id in accounts:
            number = self.numbers[account_id] = self.numbers.get(account_id, 0) + 1
            data = outreach.CaseOpened(
                case_id=f"{account_id}-{number}", account_id=account_id, number=number,
                because="task", opened_at=NOON,
            )  # fmt: skip
            events.append(self.event(account_id, number, type_, data))
        async with self.world.db.transaction() as session:
            await take_webhook_events(session, events)
        self.now = max(self.now, datetime.now(UTC))

    def event(self, key: str, number: int, type_: str, data: Any) -> Received:
        return self.world.event(OUTREACH, key, type_, data, time=NOON)

    async def post(self, later: timedelta = timedelta(0)) -> int:
        self.now += later
        clients = self.clients
        rounds = 0
        while posted := await post_due(
            self.world.db, clients.poster, clients.box, lambda: self.now
        ):
            rounds += posted
        return rounds

    def numbers_at(self, path: str, account_id: str) -> list[int]:
        bodies = [json.loads(each.body)["data"] for each in self.peer.taken(path)]
        return [body["number"] for body in bodies if body["account_id"] == account_id]

    async def show(self, webhook_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(f"/v1/webhooks/{webhook_id}")).json()
        return found


def raised(alert_id: str) -> Any:
    return metrics.AlertRaised(
        alert_id=alert_id, rule="late", subject="cash", days=(NOON.date(),), words="off track"
    )


@pytest.fixture
async def hooks(
    world: World, client: httpx.AsyncClient, peer: WebhookPeer, outreach_url: str
) -> AsyncIterator[Hooks]:
    keys = settings_for(world, outreach_url).links.keys.all  # those of the door
    clients = open_webhook_clients([key.secret for key in keys], is_local=True)
    yield Hooks(world, client, peer, clients)
    await clients.close()


async def test_events_are_told_signed_in_order_to_who_wants_them(hooks: Hooks) -> None:
    one = await hooks.add("/one")
    other = await hooks.add("/other", "case-closed")
    await hooks.say("C1", "C2", "C1", "C1")
    assert await hooks.post() == 4
    assert hooks.numbers_at("/one", "C1") == [1, 2, 3]
    assert hooks.numbers_at("/one", "C2") == [1]
    assert hooks.peer.taken("/other") == []
    first = hooks.peer.taken("/one")[0]
    told = Webhook(one["secret"]).verify(first.body, first.headers)
    assert (told["type"], told["data"]["account_id"]) == ("case-opened", "C1")
    assert await hooks.post() == 0
    shown = await hooks.show(one["id"])
    assert (shown["waiting"], shown["failed"], shown["failing_since"]) == (0, 0, None)
    assert "secret" not in shown
    assert other["id"] != one["id"]


async def test_an_account_waits_for_its_first_event_and_others_do_not(hooks: Hooks) -> None:
    made = await hooks.add("/one")
    await hooks.say("C1")
    hooks.peer.answers["/one"] = [503, 200]
    assert await hooks.post() == 1
    await hooks.say("C1", "C2")
    assert await hooks.post(timedelta(seconds=1)) == 1  # that of C2
    assert hooks.numbers_at("/one", "C1") == [1]
    assert (await hooks.show(made["id"]))["failing_because"] is None  # C2's was a success
    assert await hooks.post(timedelta(seconds=5)) == 2
    assert hooks.numbers_at("/one", "C1") == [1, 1, 2]
    ids = [each.headers["webhook-id"] for each in hooks.peer.taken("/one")]
    assert ids[0] == ids[2]  # so that the receiver knows a repeat


async def test_a_process_killed_after_the_post_posts_the_same_event_again(
    hooks: Hooks, outreach_url: str
) -> None:
    """The receiver has it, and we do not know: after the lease it comes again, under its id, and
    before the account's next."""
    await hooks.add("/one")
    await hooks.say("C1", "C1")
    key = settings_for(hooks.world, outreach_url).links.keys.signing.secret
    ended = await run_and_die(
        "webhook_process",
        "outreach.webhook.after_post",
        outreach_url,
        key.hex(),
        hooks.now.isoformat(),
    )
    assert ended == -signal.SIGKILL
    assert hooks.numbers_at("/one", "C1") == [1]
    assert await hooks.post(timedelta(seconds=1)) == 0  # somebody may still be posting it
    assert await hooks.post(timedelta(seconds=61)) == 2
    assert hooks.numbers_at("/one", "C1") == [1, 1, 2]
    ids = [each.headers["webhook-id"] for each in hooks.peer.taken("/one")]
    assert ids[0] == ids[1] != ids[2]


async def test_alerts_of_metrics_are_told_to_who_wants_them_in_their_order(hooks: Hooks) -> None:
    """Webhooks take the types of `metrics.events`; those are the tenant's."""
    await hooks.add("/one", "alert-raised", "case-opened")
    await hooks.add("/other", "alert-cleared")
    events = [
        hooks.world.event(METRICS, "", "alert-raised", raised(name), time=NOON)
        for name in ("A1", "A2")
    ]
    async with hooks.world.db.transaction() as session:
        await take_webhook_events(session, events)
    hooks.now = max(hooks.now, datetime.now(UTC))
    assert await hooks.post() == 2
    told = [json.loads(each.body) for each in hooks.peer.taken("/one")]
    assert [(each["type"], each["data"]["alert_id"]) for each in told] == [
        ("alert-raised", "A1"),
        ("alert-raised", "A2"),
    ]
    assert hooks.peer.taken("/other") == []


async def test_what_fails_to_the_end_is_set_aside_and_can_be_replayed(hooks: Hooks) -> None:
    made = await hooks.add("/one")
    hooks.peer.answers["/one"] = [500]
    await hooks.say("C1")
    hours = [0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000]
    for wait in hours:
        await hooks.post(timedelta(seconds=wait))
    assert len(hooks.peer.taken("/one")) == len(hours)
    shown = await hooks.show(made["id"])
    assert (shown["waiting"], shown["failed"]) == (0, 1)
    hooks.peer.answers["/one"] = [200]
    await hooks.say("C1")
    assert await hooks.post() == 1  # the next one goes
    failed = (await hooks.client.get(f"/v1/webhooks/{made['id']}/failed")).json()
    (item,) = failed["items"]
    assert (item["account_id"], item["failure"]) == ("C1", "http-500")
    assert item["body"]["data"]["number"] == 1
    replay = f"/v1/webhooks/{made['id']}/replay"
    other = await hooks.client.post(replay, json={"event_ids": ["x"]})
    assert other.json() == {"replayed": 0}
    done = await hooks.client.post(replay, json={"event_ids": [item["event_id"]]})
    assert done.json() == {"replayed": 1}
    hooks.now = max(hooks.now, datetime.now(UTC))
    assert await hooks.post() == 1
    assert hooks.numbers_at("/one", "C1")[-1] == 1


@pytest.mark.parametrize("status", [0, -1, 301, 404, 429])
async def test_whatever_is_no_success_is_tried_again(
    hooks: Hooks, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = WebhookPoster(is_local=True, timeout_seconds=0.3)
    monkeypatch.setattr(hooks.clients.poster, "post", poster.post)
    made = await hooks.add("/one")
    hooks.peer.answers["/one"] = [status, 200]
    hooks.peer.headers = {"location": f"{hooks.peer.url}/other", "retry-after": "60"}
    await hooks.say("C1")
    assert await hooks.post() == 1
    shown = await hooks.show(made["id"])
    assert (shown["waiting"], shown["failing_because"] is not None) == (1, True)
    assert hooks.peer.taken("/other") == []  # no redirect is followed
    assert await hooks.post(timedelta(seconds=5)) == (1 if status in (0, -1) else 0)
    assert await hooks.post(timedelta(seconds=60)) == (0 if status in (0, -1) else 1)
    assert (await hooks.show(made["id"]))["waiting"] == 0
    await poster.close()


async def test_an_endpoint_that_is_gone_is_switched_off_and_its_neighbour_is_not(
    hooks: Hooks,
) -> None:
    gone, here = await hooks.add("/gone"), await hooks.add("/here")
    hooks.peer.answers["/gone"] = [410]
    await hooks.say("C1", "C2")
    await hooks.post()
    shown = await hooks.show(gone["id"])
    assert (shown["state"], shown["off_because"]) == ("off", "gone")
    assert len(hooks.peer.taken("/here")) == 2
    assert await hooks.post(timedelta(days=1)) == 0
    await hooks.say("C1")  # nobody waits for what happens meanwhile
    hooks.peer.answers["/gone"] = [200]
    change = {"url": gone["url"], "types": gone["types"], "state": "on"}
    put = await hooks.client.put(f"/v1/webhooks/{gone['id']}", json=change)
    assert put.json()["state"] == "on"
    hooks.now = max(hooks.now, datetime.now(UTC))
    await hooks.post()
    assert hooks.numbers_at("/gone", "C1")[-1] == 1
    assert len(hooks.peer.taken("/here")) == 3
    assert (await hooks.show(here["id"]))["state"] == "on"


async def test_five_days_without_a_success_switch_it_off(hooks: Hooks) -> None:
    made = await hooks.add("/one")
    hooks.peer.answers["/one"] = [500]
    await hooks.say("C1", "C1")
    for _ in range(9):
        await hooks.post(timedelta(hours=11))
    assert (await hooks.show(made["id"]))["state"] == "on"
    for _ in range(3):
        await hooks.post(timedelta(hours=11))
    shown = await hooks.show(made["id"])
    assert (shown["state"], shown["off_because"]) == ("off", "silent")


async def test_a_secret_is_exchanged_within_a_day(hooks: Hooks) -> None:
    made = await hooks.add("/one")
    answer = await hooks.client.post(f"/v1/webhooks/{made['id']}/rotate")
    new = answer.json()["secret"]
    assert new != made["secret"]
    hooks.now = max(hooks.now, datetime.now(UTC))
    await hooks.say("C1")
    await hooks.post()
    first = hooks.peer.taken("/one")[0]
    assert len(first.headers["webhook-signature"].split()) == 2
    for secret in (made["secret"], new):
        Webhook(secret).verify(first.body, first.headers)
    await hooks.say("C1")
    await hooks.post(timedelta(hours=25))
    assert len(hooks.peer.taken("/one")[1].headers["webhook-signature"].split()) == 1


async def test_what_does_not_fit_is_named_and_another_tenants_is_not_there(hooks: Hooks) -> None:
    body = {"url": "ftp://x", "types": ["invoice-issued", "case-opened"]}
    answer = await hooks.client.post("/v1/webhooks", json=body)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/url", "/types/0"]
    made = await hooks.add("/one")
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("GET", "/failed")):
        found = await hooks.client.request(
            method, f"/v1/webhooks/{made['id']}{path}", headers={"X-Tenant": "other"}
        )
        assert found.status_code == 404, (method, path)
    assert (await hooks.client.delete(f"/v1/webhooks/{made['id']}")).status_code == 204
    await hooks.say("C1")
    assert await hooks.post() == 0
    assert (await hooks.client.get("/v1/webhooks")).json() == {"items": []}


async def test_private_addresses_are_not_reached_by_name(peer: WebhookPeer) -> None:
    poster = WebhookPoster(is_local=False)
    try:
        posted = await poster.post(f"http://localhost:{peer.port}/x", {}, b"{}")
    finally:
        await poster.close()
    assert posted.failure == "not-public"
    assert peer.seen == []


async def test_two_workers_tell_each_event_once(hooks: Hooks) -> None:
    await hooks.add("/one")
    await hooks.say(*(f"C{number}" for number in range(40)))
    clients = hooks.clients

    async def work() -> None:
        while await post_due(hooks.world.db, clients.poster, clients.box, lambda: hooks.now):
            pass

    await asyncio.gather(*(work() for _ in range(4)))
    ids = [each.headers["webhook-id"] for each in hooks.peer.taken("/one")]
    assert len(ids) == len(set(ids)) == 40
