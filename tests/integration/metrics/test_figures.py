"""The sums made in SQL equal those made in memory, whatever the batches; and answers' shapes."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.metrics.commands import Folding
from services.metrics.consumer import take
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from services.metrics.processes.merging import merge_all
from services.metrics.store.merging import merge
from shared.database import Database
from shared.events import TENANTS, Received, ledger
from tests.integration.metrics.conftest import Deliver, begun_anew
from tests.metrics_figures import Memory, a_contact, a_segment_changed, an_event, at
from tests.unit.ledger_oracle.scenarios import stories
from tests.unit.metrics.test_against_oracle import interleavings, ledger_events, segment_histories

AMOUNTS: tuple[ledger.Amounts, ...] = ()


def an_account(key: str = "C1", country: str | None = "DE") -> Received:
    data = ledger.AccountRegistered(
        account_id=key, kind="consumer", country=country, timezone="Europe/Berlin"
    )
    return an_event("account-registered", data, key=key, time=at("2026-03-01", 9))


def an_invoice(
    invoice_id: str, amount: int, issued: str, due: str, *, key: str = "C1", currency: str = "EUR"
) -> Received:
    data = ledger.InvoiceIssued(
        invoice_id=invoice_id,
        account_id=key,
        currency=currency,
        amount_minor=amount,
        issued_on=date.fromisoformat(issued),
        due_on=date.fromisoformat(due),
        balance_minor=amount,
        amounts=AMOUNTS,
    )
    return an_event(
        "invoice-issued", data, key=key, time=at(issued, 9), day=date.fromisoformat(issued)
    )


class Lost(Exception):
    """The transaction of a slice is rolled back."""


async def ask(client: httpx.AsyncClient, path: str, **query: str) -> dict[str, Any]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@settings(
    max_examples=2,  # `test_every_figure.py` asks all that may be asked
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    # The database is emptied between examples.
    suppress_health_check=(*settings().suppress_health_check, HealthCheck.function_scoped_fixture),
)
@given(data=st.data())
async def test_sql_and_memory_agree_however_it_is_cut_and_merged(
    data: st.DataObject, client: httpx.AsyncClient, metrics_db: Database
) -> None:
    topics: list[list[Received]] = []
    base = date(2026, 3, 1)
    for key in ("C1", "C2"):
        story = data.draw(stories(size=2))
        base = story.look_on
        topics.append([e for e in ledger_events(story, key) if e.type in HANDLERS])
        changes = data.draw(segment_histories(story.look_on - timedelta(days=60)))
        topics.append(
            [
                a_segment_changed(to, time=since, key=key, sequence=n, recordedtime=known)
                for n, (since, to, known) in enumerate(changes, start=1)
            ]
        )
    memory, bodies = Memory(), []
    for run in range(2):
        generation = await begun_anew(metrics_db)
        workers = [Folding(generation), Folding(generation)]
        for batch in data.draw(interleavings(topics)):
            if run == 0:
                memory.take(batch)
            if data.draw(st.sampled_from((False, False, True))):
                with suppress(Lost):
                    async with metrics_db.transaction() as session:
                        await take(session, batch, data.draw(st.sampled_from(workers)))
                        raise Lost  # whoever has it next knows nothing of that
            async with metrics_db.transaction() as session:
                await take(session, batch, data.draw(st.sampled_from(workers)))
            for _ in range(data.draw(st.sampled_from((0, 0, 1)))):
                await merge(metrics_db, generation, data.draw(st.sampled_from((3, 1000))))
        bodies.append(await _everything(client, memory if run == 0 else None, base))
    await merge_all(metrics_db, generation)
    bodies.append(await _everything(client, None, base))
    assert bodies[0] == bodies[1] == bodies[2]


async def _everything(client: httpx.AsyncClient, memory: Memory | None, base: date) -> list[bytes]:
    start, end = base - timedelta(days=80), base + timedelta(days=20)
    bodies: list[bytes] = []
    for name, kpi in KPIS.items():
        if kpi.is_of_months:
            start, end = start.replace(day=1), end.replace(day=1) - timedelta(days=1)
        for group_by in ((), kpi.splits[:1], kpi.splits[-2:]):
            for as_of in (None, base):
                query = {"from": str(start), "to": str(end), "interval": "month"}
                query |= {"group_by": ",".join(group_by)} if group_by else {}
                query |= {"as_of": str(as_of)} if as_of else {}
                query |= {"experiment": "none"} if "arm" in group_by else {}
                answer = await client.get(f"/v1/kpis/{name}", params=query)
                assert answer.status_code == 200, answer.text
                body = of_no_revision(answer)
                bodies.append(body)
                if memory is not None:
                    expected = memory.ask(
                        name, start, end, interval="month", group_by=group_by, as_of=as_of
                    )
                    assert body == msgspec.json.encode(expected), query
    return bodies


def of_no_revision(answer: httpx.Response) -> bytes:
    """The answer's bytes without what a rebuild changes."""
    body = answer.json()
    last = {name: body.pop(name) for name in ("revision", "known_until")}
    written = msgspec.json.encode(last)[1:]
    assert answer.content.endswith(b"," + written)
    return answer.content[: -len(written) - 1] + b"}"


async def test_ageing_by_bucket_and_a_window_that_ends_earlier(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    await deliver(
        [
            an_account(),
            an_invoice("I1", 10000, "2026-03-01", "2026-03-15"),
            an_invoice("I2", 500, "2026-03-20", "2026-04-30"),
        ]
    )
    found = await ask(
        client, "/v1/kpis/aging", **{"from": "2026-03-01", "to": "2026-04-15", "group_by": "bucket"}
    )
    assert found["currency"] == "EUR"
    assert (found["value"], found["denominator"]) == (10500, None)
    assert [(g["key"]["bucket"], g["value"]) for g in found["groups"]] == [
        ("current", 500),
        ("1-30", 0),
        ("31-60", 10000),
        ("61-90", 0),
        ("91-120", 0),
        ("121+", 0),
    ]
    earlier = await ask(client, "/v1/kpis/aging", **{"from": "2026-03-01", "to": "2026-03-15"})
    assert earlier["value"] == 10000
    assert earlier["groups"] == []


async def test_several_currencies_are_groups_and_never_a_sum(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    await deliver(
        [
            an_account(),
            an_invoice("I1", 100, "2026-03-01", "2026-03-15"),
            an_invoice("I2", 7, "2026-03-01", "2026-03-15", currency="JPY"),
        ]
    )
    window = {"from": "2026-03-01", "to": "2026-03-31"}
    found = await ask(client, "/v1/kpis/invoiced", **window)
    assert (found["value"], found["currency"]) == (None, None)
    assert [(g["key"], g["value"]) for g in found["groups"]] == [
        ({"currency": "EUR"}, 100),
        ({"currency": "JPY"}, 7),
    ]
    one = await ask(client, "/v1/kpis/invoiced", currency="JPY", interval="week", **window)
    assert (one["value"], one["groups"]) == (7, [])
    assert [(p["from"], p["to"], p["value"]) for p in one["series"]][:2] == [
        ("2026-03-01", "2026-03-01", 7),
        ("2026-03-02", "2026-03-08", 0),
    ]


async def test_a_denominator_of_zero_makes_null(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    await deliver([an_account()])
    found = await ask(client, "/v1/kpis/dso", currency="EUR")
    assert (found["value"], found["numerator"], found["denominator"]) == (None, 0, 0)


async def test_contacts_and_suppressions_by_rule(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    noon = at("2026-03-16", 12)
    await deliver(
        [
            *(a_contact("contact-planned", f"K{n}", time=noon, sequence=n) for n in range(1, 5)),
            a_contact("contact-suppressed", "K1", time=noon, rule="quiet-hours", sequence=5),
            a_contact("contact-suppressed", "K1", time=noon, rule="cap", sequence=6),
            a_contact("contact-sent", "K2", time=noon, sequence=7),
            a_contact("contact-uncertain", "K3", time=noon, sequence=8),
            a_contact("contact-failed", "K4", time=noon, sequence=9),
            an_account(),
        ]
    )
    window = {"from": "2026-03-16", "to": "2026-03-16"}
    sent = await ask(client, "/v1/kpis/contacts", group_by="result", **window)
    assert (sent["value"], sent["unit"], sent["currency"]) == (2, "count", None)
    assert [(g["key"]["result"], g["value"]) for g in sent["groups"]] == [
        ("sent", 1),
        ("uncertain", 1),
    ]
    rate = await ask(client, "/v1/kpis/suppressed_contact_rate", group_by="rule", **window)
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (0.25, 1, 4)
    assert rate["unit"] == "ratio"
    assert [(g["key"]["rule"], g["value"]) for g in rate["groups"]] == [
        ("cap", 0.25),
        ("quiet-hours", 0.25),
    ]
    by_country = await ask(client, "/v1/kpis/contacts", group_by="country", **window)
    assert [(g["key"]["country"], g["value"]) for g in by_country["groups"]] == [("DE", 2)]


async def test_an_attempt_that_was_in_doubt_counts_once(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    noon, later = at("2026-03-16", 12), at("2026-03-17", 12)
    gone = a_contact("contact-failed", "K2", time=later, sequence=5)
    assert gone.data is not None
    never_had = msgspec.json.encode(
        msgspec.json.decode(gone.data) | {"reason_code": "not-accepted"}
    )
    await deliver(
        [
            *(a_contact("contact-uncertain", f"K{n}", time=noon, sequence=n) for n in (1, 2, 3)),
            a_contact("contact-sent", "K1", time=later, sequence=4),
            msgspec.structs.replace(gone, data=never_had),
            an_account(),
        ]
    )
    window = {"from": "2026-03-16", "to": "2026-03-17"}
    found = await ask(client, "/v1/kpis/contacts", group_by="result", **window)
    assert [(g["key"]["result"], g["value"]) for g in found["groups"]] == [
        ("sent", 1), ("uncertain", 1),
    ]  # fmt: skip
    assert (await ask(client, "/v1/kpis/contacts_failed", **window))["value"] == 0
    then = await ask(client, "/v1/kpis/contacts", as_of="2026-03-16", **window)
    assert then["value"] == 3  # what was known then stays what was known then


async def test_as_of_ends_with_the_tenants_day_whenever_its_zone_is_told(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    known = at("2026-03-01", 13)  # already March 2 in Auckland
    invoice = an_invoice("I1", 100, "2026-03-01", "2026-03-15")
    await deliver([an_account(), msgspec.structs.replace(invoice, recordedtime=known)])
    window = {"from": "2026-03-01", "to": "2026-03-31", "as_of": "2026-03-01", "currency": "EUR"}
    assert (await ask(client, "/v1/kpis/invoiced", **window))["value"] == 100
    zone = ledger.Tenant(tenant_id="demo", timezone="Pacific/Auckland")
    await deliver([an_event("tenant-settings", zone, topic=TENANTS, key="", time=known)])
    assert (await ask(client, "/v1/kpis/invoiced", **window))["value"] == 0
    window["as_of"] = "2026-03-02"
    assert (await ask(client, "/v1/kpis/invoiced", **window))["value"] == 100
