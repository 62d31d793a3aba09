"""Golden stories of the ladder, whole: the strategy put over HTTP, what the ledger says on the log,
runs over PostgreSQL, every channel. All debtors share the days, as they do in earnest."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.contacts import to_contact
from services.outreach.channels.clients.registry import ChannelRegistry
from services.outreach.channels.domain.parts import SmsParts
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.clock import day_start, zone
from shared.events import TENANTS, ledger
from tests.integration.outreach.scripted import ScriptedChannel
from tests.integration.outreach.story_books import BERLIN, Books
from tests.integration.outreach.world import SENDER, World
from tests.unit.outreach.builders import LINKS, SHIPPED_ASSIGNMENTS, SHIPPED_PACKS

# The page's example, with all that it says.
EXAMPLE = """\
name: consumer-retail
version: "2027-01-01"
title: Consumer retail
send: {from: "09:00", to: "18:00", days: [mon, tue, wed, thu, fri], holidays: false}
caps: {gap_days: 3, per_7_days: 2, per_30_days: 6}
quiet: {after_payment_days: 3, claim_business_days: 5, reply_business_days: 5}
fallback: {wait_days: 3, outage_hours: 4}
resume_after_days: {dispute: 3, hold: 1}
ramp: {start: 200, factor: 2, most: 5000}
ladder:
  - {name: upcoming, from: due, days: -7, channels: [email, portal], tone: friendly, template: upcoming}
  - {name: reminder, from: due, days: 1, channels: [email, sms], tone: friendly, template: reminder}
  - {name: text, from: due, days: 5, channels: [sms, email], tone: friendly, template: reminder,
     send: {from: "17:00", to: "19:00"}, when: {amount_from: {default: 20, JPY: 3000}}}
  - {name: second, from: due, days: 12, channels: [email, sms], tone: neutral, template: overdue}
  - {name: firm, from: due, days: 20, channels: [email, letter], tone: firm, template: firm, when: [{segment: [at-risk]}, {overdue_from: 50}]}
  - {name: call, from: stage, stage: 31, days: 0, channels: [person], queue: collectors, script: first-call, tone: firm,
     when: {collectable_from: 100, pays_within_below: 0.6, tags_none: [vip]}}
  - {name: final, from: stage, stage: 31, days: 7, channels: [letter, email], tone: final, template: final}
  - {name: agency, from: last-contact, business_days: 10, hand_over: {kind: agency, to: agency-one, approve: supervisor},
     tone: final, requires: {step: final, days: 14}, when: {collectable_from: 200}}
reactions:
  promise-due: {steps: [{name: promise-day, days: -1, channels: [sms, email], tone: friendly, template: promise-due}]}
  promise-broken: {steps: [{name: broken, days: 1, channels: [sms, email], tone: neutral, template: promise-broken},
                           {name: broken-call, days: 3, channels: [person], queue: collectors, tone: firm}],
                   resume_after_days: 5, skip_to: firm}
  payment-failed: {steps: [{name: failed, days: 0, channels: [email, sms], tone: friendly, template: payment-failed}]}
  warning.escalating-delay: {steps: [{name: early-call, days: 0, channels: [person], queue: collectors, tone: friendly}]}
"""  # noqa: E501 (as the page has it)
OTHER = """\
name: other
version: "1"
title: Of G6
ladder:
  - {name: a, from: due, days: 1, channels: [email], tone: friendly, template: reminder}
  - {name: b, from: due, days: 10, channels: [email], tone: friendly, template: reminder}
  - {name: c, from: due, days: 17, channels: [email], tone: neutral, template: overdue}
  - {name: d, from: due, days: 40, channels: [email], tone: neutral, template: overdue}
"""
RULES = 'version: "story"\nrules: [{strategy: consumer-retail}]\n'
YAML = {"content-type": "application/yaml"}
FIRST, LAST = date(2027, 2, 20), date(2027, 5, 31)
DUE_ON = date(2027, 3, 2)

LADDER = [
    "02-23 09:00 upcoming email",
    "03-03 09:00 reminder email",
    "03-08 17:00 text sms",
    "03-15 09:00 second email",
    "03-22 09:00 firm email",
    "04-02 08:00 call person",
    "04-09 16:00 final letter",
    "04-23 08:00 agency hand-over",
]
EXPECTED = {
    "G1": LADDER,
    "G1-UNKNOWN": [line for line in LADDER if "call" not in line],
    "G2": [
        "02-23 09:00 upcoming email I1",
        "02-26 09:00 upcoming email I2",
        "03-03 09:00 reminder email I1",
        "03-08 17:00 text sms I1+I2",
        "03-11 17:00 text sms I2",
        "03-15 09:00 second email I1",
        "03-25 09:00 firm email I1+I2",
        "04-09 16:00 final letter I1",
        "04-12 16:00 final letter I2",
    ],
    "G3": [*LADDER[:3], "03-17 09:00 second email", LADDER[4], LADDER[6]],
    "G4": [
        *LADDER[:3],
        "03-18 09:00 promise-day sms",
        "03-24 09:00 broken sms",
        "03-26 08:00 broken-call person",
        "03-29 09:00 firm email",
        "04-15 16:00 final letter",
    ],
    "G5": [
        *LADDER[:3],
        "04-12 09:00 second email",
        "04-20 09:00 firm email",
        "05-10 16:00 final letter",
    ],
    "G6": [*LADDER[:4], "03-19 09:00 c email", "04-12 09:00 d email"],
}


@dataclass
class Story:
    """The days of several accounts: a run at 00:00 in Berlin and whenever something is due."""

    world: World
    client: httpx.AsyncClient
    happens: dict[date, list[Callable[[], Awaitable[object]]]] = field(default_factory=dict)
    books: dict[str, Books] = field(default_factory=dict)

    def on(self, month: int, day: int, happening: Callable[[], Awaitable[object]]) -> None:
        self.happens.setdefault(date(2027, month, day), []).append(happening)

    async def account(self, name: str, **invoices: tuple[date, int]) -> Books:
        books = self.books[name] = Books(self.world, name)
        await books.open(FIRST)
        for invoice_id, (due_on, euros) in invoices.items():
            await books.bill(invoice_id, due_on, euros * 100)
        return books

    async def tell(self) -> None:
        day = FIRST
        while day <= LAST:
            for books in self.books.values():
                await books.begin(day)
            for happening in self.happens.get(day, ()):
                await happening()
            moment, end = day_start(day, BERLIN), day_start(day + timedelta(days=1), BERLIN)
            while moment < end:
                due_at = (await self.world.run(moment)).next_due_at
                if due_at is None or due_at <= moment:
                    break
                moment = due_at
            day += timedelta(days=1)

    async def put(self, path: str, text: str, version: str) -> None:
        kept = await self.client.put(f"/v1/{path}", content=text, headers=YAML)
        assert kept.status_code == 201, kept.text
        body = {"version": version, "from": FIRST.isoformat()}
        made = await self.client.post(f"/v1/{path}/activate", json=body)
        assert made.status_code == 200, made.text

    async def diaries(self) -> dict[str, list[str]]:
        """By account what was made, when (Berlin), over what; about what, where it has several."""
        rows = await self.world.db.fetch(
            "select * from contacts where state in ('sent', 'handed-over', 'held')"
        )
        found: dict[str, list[str]] = {name: [] for name in self.books}
        for contact in sorted(map(to_contact, rows), key=lambda each: each.due_at):
            assert contact.state != "sent" or contact.attempted_at == contact.due_at
            found[contact.account_id].append(self._line(contact))
        return found

    def _line(self, contact: DebtorContact) -> str:
        when = contact.due_at.astimezone(zone(BERLIN)).strftime("%m-%d %H:%M")
        several = len(self.books[contact.account_id].invoices) > 1
        about = "+".join(sorted({item.subject_id for item in contact.items})) if several else ""
        return f"{when} {contact.step} {contact.channel} {about}".strip()


@pytest.fixture
def post() -> dict[str, ScriptedChannel]:
    return {kind: ScriptedChannel() for kind in ("smtp", "smpp", "folder", "portal")}


@pytest.fixture
async def story(world: World, post: dict[str, ScriptedChannel], client: httpx.AsyncClient) -> Story:
    """Every channel; the shipped strategies, and the example in force from the first day on."""

    def factory(kind: str) -> Any:
        return lambda _setup: post[kind]

    world.context = replace(
        world.context,
        channels=ChannelRegistry(
            {kind: factory(kind) for kind in post}, {"A": "a", "B": "b"}, SENDER, LINKS
        ),
        strategies=StrategyBooks(SHIPPED_PACKS, SHIPPED_ASSIGNMENTS),
    )
    await world.settings(
        providers={
            "mail": {"channel": "email", "kind": "smtp", "secret": "A"},
            "texts": {"channel": "sms", "kind": "smpp", "secret": "B", "from": "Creditor"},
            "post": {"channel": "letter", "kind": "folder", "target": "acme"},
            "pages": {"channel": "portal", "kind": "portal"},
        }
    )
    data = ledger.Tenant(tenant_id=world.tenant, contact_from=date(2027, 1, 1), timezone=BERLIN)
    begun = datetime(2027, 2, 18, tzinfo=UTC)
    await world.take(world.event(TENANTS, world.tenant, "tenant-settings", data, time=begun))
    await world.run(begun)
    story = Story(world, client)
    await story.put("strategies/consumer-retail", EXAMPLE, "2027-01-01")
    await story.put("strategies/other", OTHER, "1")
    await story.put("strategy-assignments", RULES, "story")
    return story


async def test_out_g1_to_g6_over_http_and_the_database(
    story: Story, post: dict[str, ScriptedChannel], slow_machine: None
) -> None:
    """OUT-G1, OUT-G2, OUT-G3, OUT-G4, OUT-G5, OUT-G6."""
    scored = await story.account("G1", I1=(DUE_ON, 300))
    await scored.score(FIRST, 0.4)
    await story.account("G1-UNKNOWN", I1=(DUE_ON, 300))
    await story.account("G2", I1=(DUE_ON, 120), I2=(date(2027, 3, 5), 40))
    pays = await story.account("G3", I1=(DUE_ON, 120))
    story.on(3, 14, lambda: pays.pay(date(2027, 3, 14), "P1", "I1", 2_000))
    promises, due_on = await story.account("G4", I1=(DUE_ON, 120)), date(2027, 3, 19)
    grace = date(2027, 3, 22)
    story.on(3, 9, lambda: promises.promise(date(2027, 3, 9), due_on, grace, 12_000))
    story.on(3, 23, lambda: promises.judge(date(2027, 3, 23), due_on, 12_000))
    disputes = await story.account("G5", I1=(DUE_ON, 120))
    story.on(3, 10, lambda: disputes.dispute(date(2027, 3, 10), "I1"))
    story.on(4, 9, lambda: disputes.dispute(date(2027, 4, 9), "I1", is_over=True))
    await story.account("G6", I1=(DUE_ON, 120))
    other = {"strategy": "other", "reason": "the story's"}
    story.on(3, 17, lambda: story.client.put("/v1/accounts/G6/strategy", json=other))

    await story.tell()

    assert await story.diaries() == EXPECTED
    assert len(post["folder"].sent) == 7
    texts = [parts.text for parts in post["smpp"].written if isinstance(parts, SmsParts)]
    noted = next(text for text in texts if "the day you chose" in text)
    assert "120,00 €, 19 Mar 2027" in noted  # what was promised, until when
    approvals = (await story.client.get("/v1/approvals")).json()["items"]
    assert [(each["kind"], each["role"]) for each in approvals] == [("agency", "supervisor")] * 2
