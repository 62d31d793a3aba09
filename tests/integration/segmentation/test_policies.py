"""Policies over HTTP: kept for ever, tried, brought into force, rolled back; tenants apart."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from services.segmentation.settings import DEFAULT_POLICY
from shared.database import Database
from tests.integration.segmentation.helpers import POLICY, growing_old, said, segments_of, take
from tests.integration.segmentation.service import bearing, rescore

URL = "/v1/policies/segments"


def a_policy(name: str = "mine", age: int = 31) -> dict[str, Any]:
    return {
        "name": name,
        "risk": {"medium_from": 0.3, "high_from": 0.65},
        "segments": [
            {"name": "old", "description": "a month and more", "when": {"age_from": age}},
            {"name": "rest", "description": "all others"},
        ],
    }


async def put(client: httpx.AsyncClient, policy: Any, **query: Any) -> dict[str, Any]:
    answer = await client.put(URL, content=yaml.safe_dump(policy), params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_policy_that_is_put_is_in_force_and_the_population_follows(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    for number in range(1, 6):
        await take(segmentation_db, growing_old(f"C{number}").events)
    before = (await client.get(URL)).json()
    assert before["policy_version"] == POLICY.version
    assert before["in_force_since"] is None
    put_first = await put(client, a_policy(), reason="fewer segments")
    assert put_first["is_new"]
    assert put_first["is_activated"]
    now = (await client.get(URL)).json()
    assert now["policy_version"] == put_first["policy_version"]
    assert (now["activated_by"], now["reason"]) == ("dev", "fewer segments")
    assert await rescore(segmentation_db) == 3
    found = (await client.get("/v1/accounts/C3/score")).json()
    assert (found["segment"], found["policy_version"]) == ("old", put_first["policy_version"])
    assert (await segments_of(segmentation_db, "C5"))[-1] == "old"
    events = [item for item in await said(segmentation_db) if item.key == "demo/"]
    assert [item.type for item in events] == ["segment-policy-activated"]
    assert events[0].payload == {
        "policy_version": put_first["policy_version"],
        "from_version": POLICY.version,
        "is_rollback": False,
        "reason": "fewer segments",
        "activated_by": "dev",
    }


async def test_events_that_come_after_an_activation_follow_the_new_policy_at_once(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    story = growing_old()
    await take(segmentation_db, story.events[:3])
    await put(client, a_policy())
    await take(segmentation_db, story.events[3:])
    assert (await segments_of(segmentation_db))[-1] == "old"


async def test_the_same_content_is_the_same_version_and_nothing_happens_twice(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    first = await put(client, a_policy())
    again = await client.put(URL, content=f"# other words\n{yaml.safe_dump(a_policy())}")
    assert again.json() == {
        "policy_version": first["policy_version"],
        "is_new": False,
        "in_force": True,
        "is_activated": False,
        "rescoring": None,
    }
    versions = (await client.get(f"{URL}/versions")).json()["items"]
    assert [item["policy_version"] for item in versions] == [first["policy_version"]]
    assert len(await said(segmentation_db)) == 1


async def test_a_policy_can_be_kept_without_coming_into_force_and_activated_later(
    client: httpx.AsyncClient,
) -> None:
    kept = await put(client, a_policy(), activate=False)
    assert (kept["in_force"], kept["is_activated"]) == (False, False)
    assert (await client.get(URL)).json()["policy_version"] == POLICY.version
    body = {"policy_version": kept["policy_version"], "reason": "spring"}
    done = await client.post(f"{URL}/activate", json=body, headers={"idempotency-key": "k1"})
    assert done.json() == {
        "policy_version": kept["policy_version"],
        "in_force": True,
        "is_activated": True,
        "rescoring": 1,
    }
    again = await client.post(f"{URL}/activate", json=body, headers={"idempotency-key": "k1"})
    assert again.json() == done.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = {**body, "reason": "autumn"}
    reused = await client.post(f"{URL}/activate", json=other, headers={"idempotency-key": "k1"})
    assert reused.status_code == 422


async def test_a_rollback_brings_an_earlier_version_back_and_says_so(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    await put(client, a_policy())
    await rescore(segmentation_db)
    body = {"policy_version": POLICY.version, "reason": "it was better"}
    back = await client.post(f"{URL}/activate", json=body)
    assert back.json()["is_activated"]
    await rescore(segmentation_db)
    assert (await client.get("/v1/accounts/C1/score")).json()["segment"] == "negotiate"
    last = [item.payload for item in await said(segmentation_db) if item.key == "demo/"][-1]
    assert (last["is_rollback"], last["policy_version"]) == (True, POLICY.version)
    history = (await client.get(f"{URL}/activations")).json()["items"]
    assert [(item["number"], item["reason"]) for item in history] == [
        (2, "it was better"),
        (1, None),
    ]


async def test_versions_are_kept_as_they_were_sent_and_paged(client: httpx.AsyncClient) -> None:
    text = f"# my own words\n{yaml.safe_dump(a_policy())}"
    await client.put(URL, content=text)
    for age in (1, 61, 91):
        await put(client, a_policy(age=age))
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        body = (await client.get(f"{URL}/versions", params=query)).json()
        seen += body["items"]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert len({item["policy_version"] for item in seen}) == 4
    assert [item["in_force"] for item in seen].count(True) == 1
    sources = [
        (await client.get(f"{URL}/versions/{item['policy_version']}")).json()["source"]
        for item in seen
    ]
    assert text in sources
    built_in = (await client.get(f"{URL}/versions/{POLICY.version}")).json()
    assert (built_in["source"], built_in["in_force"]) == (None, False)
    assert built_in["policy"]["name"] == "default"


async def test_packs_can_be_read_and_activated_without_being_stored(
    client: httpx.AsyncClient,
) -> None:
    packs = {
        pack["name"]: pack for pack in (await client.get("/v1/policies/packs")).json()["items"]
    }
    assert set(packs) >= {
        "default",
        "consumer-retail",
        "financial-services",
        "healthcare",
        "business-trade-credit",
        "agency",
        "arts-patrons",
    }
    one = (await client.get("/v1/policies/packs/healthcare")).json()
    assert "insurance-pending" in one["segments"]
    assert one["source"].startswith("# Hospitals")
    body = {"policy_version": packs["healthcare"]["policy_version"]}
    assert (await client.post(f"{URL}/activate", json=body)).status_code == 200
    assert (await client.get(URL)).json()["policy"]["name"] == "healthcare"
    assert (await client.get("/v1/policies/packs/banking")).status_code == 404


async def test_a_trial_says_how_many_move_and_shows_some_with_the_reason(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    for number in range(1, 8):
        await take(segmentation_db, growing_old(f"C{number}").events)
    body = (await client.post(f"{URL}/dry-run", json=a_policy())).json()
    assert (body["accounts"], body["moved"], body["segments"]) == (7, 7, {"old": 7, "rest": 0})
    (move,) = body["moves"]
    assert (move["from_segment"], move["to_segment"], move["accounts"]) == ("negotiate", "old", 7)
    assert move["words"] == "7 accounts move from negotiate to old"
    assert move["examples"][0] == {"account_id": "C1", "because": "age_days 31 >= 31"}
    assert len(move["examples"]) == 5
    assert (await client.get(URL)).json()["policy_version"] == POLICY.version
    assert (await client.get(f"{URL}/versions")).json()["items"] == []
    same = await client.post(f"{URL}/dry-run", content=DEFAULT_POLICY.read_bytes())
    assert same.json()["moves"] == []


async def test_a_trial_moves_exactly_those_that_an_activation_moves(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old("C1").events)
    await take(segmentation_db, growing_old("C2").events[:3])
    trial = (await client.post(f"{URL}/dry-run", json=a_policy(age=1))).json()
    already = len(await said(segmentation_db))
    await put(client, a_policy(age=1))
    await rescore(segmentation_db)
    later = [item for item in (await said(segmentation_db))[already:]]
    moved = [(i.payload["from"], i.payload["to"]) for i in later if i.type == "segment-changed"]
    told = [
        (move["from_segment"], move["to_segment"])
        for move in trial["moves"]
        for _ in range(move["accounts"])
    ]
    assert sorted(moved) == sorted(told)
    assert len(told) == 2


async def test_an_account_says_why_it_is_where_it_is_and_since_when(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    url = "/v1/accounts/C1/segment"
    found = (await client.get(url)).json()
    assert found == {
        "account_id": "C1",
        "segment": "negotiate",
        "since_on": "2026-02-15",
        "because": "age_days 31 >= 31",
        "warnings": {},
        "arms": {},
        "policy_version": POLICY.version,
    }
    await put(client, a_policy())
    assert (await client.get(url)).json()["because"].endswith("a re-score will move it to old")
    await rescore(segmentation_db)
    assert (await client.get(url)).json()["segment"] == "old"
    assert (await client.get("/v1/accounts/none/segment")).status_code == 404
    assert (await client.get(url, headers={"x-tenant": "other"})).status_code == 404


async def test_a_bad_policy_is_refused_line_by_line_and_nothing_is_kept(
    client: httpx.AsyncClient,
) -> None:
    text = "name: mine\nrisk: {medium_from: 0.3, high_from: 0.6}\nsegments:\n" + (
        "  - {name: a, description: x, when: {tenure_day_from: 3}}\n  - {name: a, description: x}\n"
    )
    answer = await client.put(URL, content=text)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    errors = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert list(errors) == ["/segments/0/when/tenure_day_from", "/segments/1/name"]
    assert errors["/segments/0/when/tenure_day_from"].startswith("line 4: segment 'a': ")
    assert "did you mean 'tenure_days_from'?" in errors["/segments/0/when/tenure_day_from"]
    assert (await client.get(f"{URL}/versions")).json()["items"] == []


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"name: [", 400), (b"\xff\xfe", 400), (b"", 422), (b"#" * (256 * 1024 + 1), 413)],
)
async def test_what_is_no_policy_is_refused_in_its_own_way(
    client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    for method, path in (("PUT", URL), ("POST", f"{URL}/dry-run")):
        answer = await client.request(method, path, content=content)
        assert answer.status_code == status, answer.text


async def test_a_version_that_is_not_there_cannot_be_activated(client: httpx.AsyncClient) -> None:
    for body, status in (
        ({"policy_version": "mine-000000000000"}, 404),
        ({"policy_version": ""}, 422),
        ({}, 422),
        ({"policy_version": "x", "why": "y"}, 422),
    ):
        answer = await client.post(f"{URL}/activate", json=body)
        assert answer.status_code == status, answer.text
    assert (await client.get(f"{URL}/versions/mine-000000000000")).status_code == 404


async def test_two_activations_at_once_follow_one_another(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(put(client, a_policy(age=age))) for age in (1, 31, 61, 91)]
    assert all(task.result()["is_new"] for task in tasks)
    history = (await client.get(f"{URL}/activations")).json()["items"]
    assert [item["number"] for item in history] == [4, 3, 2, 1]
    for later, earlier in pairwise(history):
        assert later["from_version"] == earlier["policy_version"]
    now = (await client.get(URL)).json()["policy_version"]
    assert now == history[0]["policy_version"]


async def test_tenants_have_policies_of_their_own(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    await take(segmentation_db, growing_old(tenant="other").events)
    kept = await put(client, a_policy())
    await rescore(segmentation_db)
    theirs = {"x-tenant": "other"}
    assert (await client.get(URL, headers=theirs)).json()["policy_version"] == POLICY.version
    assert (await client.get(f"{URL}/versions", headers=theirs)).json()["items"] == []
    version = kept["policy_version"]
    one = await client.get(f"{URL}/versions/{version}", headers=theirs)
    assert one.status_code == 404
    body = {"policy_version": version}
    stolen = await client.post(f"{URL}/activate", json=body, headers=theirs)
    assert stolen.status_code == 404
    untouched = await client.get("/v1/accounts/C1/score", headers=theirs)
    assert untouched.json()["segment"] == "negotiate"


async def test_reading_needs_a_scope_and_writing_another(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    reader, writer = bearing(tmp_path, "segmentation:read"), bearing(tmp_path, "segmentation:write")
    stranger = bearing(tmp_path, "metrics:read")
    text = yaml.safe_dump(a_policy())
    for path in ("", "/versions", "/activations", "/schema"):
        assert (await client.get(URL + path, headers=reader)).status_code == 200
        assert (await client.get(URL + path, headers=stranger)).status_code == 403
        assert (await client.get(URL + path, headers={"authorization": ""})).status_code == 401
    assert (await client.put(URL, content=text, headers=reader)).status_code == 403
    assert (await client.post(f"{URL}/dry-run", content=text, headers=reader)).status_code == 403
    assert (await client.put(URL, content=text, headers=writer)).status_code == 200
    body = {"policy_version": POLICY.version}
    assert (await client.post(f"{URL}/activate", json=body, headers=reader)).status_code == 403
    elsewhere = bearing(tmp_path, "segmentation:write", tenant="other")
    assert (await client.get(URL, headers=elsewhere)).json()["policy_version"] == POLICY.version


async def test_the_schema_is_one_an_editor_can_use(client: httpx.AsyncClient) -> None:
    schema = (await client.get(f"{URL}/schema")).json()
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(a_policy())
