"""Mails of alerts, to a real mail server: one for each person and check, with one Message-ID."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from services.metrics.processes.deliveries import deliver_due
from services.metrics.settings import MailIdentity, Settings
from shared.database import Database
from shared.smtp import MailServer
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_process import die_at
from tests.integration.metrics.plan_world import PlanWorld, plan_world
from tests.integration.metrics.test_plans import begin_plan


class Inbox:
    """A mail server that takes, or answers what it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answers.pop(0) if self.answers else "250 taken"


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[Inbox, MailServer]]:
    handler = Inbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="mail.example"), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    try:
        yield handler, MailServer("127.0.0.1", port, None, None, "none")
    finally:
        server.close()


@pytest.fixture
async def world(
    settings: Settings, metrics_db: Database, inbox: tuple[Inbox, MailServer], deliver: Deliver
) -> AsyncIterator[PlanWorld]:
    given = replace(
        settings,
        mail_server=inbox[1],
        mail_from=MailIdentity("alerts@creditor.example", "Creditor"),
    )
    async with plan_world(given, metrics_db) as made:
        await begin_plan(made, deliver)
        yield made


async def deliveries(world: PlanWorld) -> list[tuple[str, str, int]]:
    alerts = (await world.call("GET", "/v1/alerts"))["items"]
    return [
        (each["person"], each["state"], each["attempts"])
        for alert in alerts
        for each in alert["deliveries"]
    ]


async def test_an_alert_is_mailed_once(world: PlanWorld, inbox: tuple[Inbox, MailServer]) -> None:
    await world.start_day("2026-03-04", raised=1)
    assert await deliveries(world) == [("lea", "queued", 0)]
    assert await deliver_due(world.context) == 1
    assert await deliver_due(world.context) == 0
    (mail,) = inbox[0].mails
    assert mail["To"] == "lea@example.com"
    assert mail["Subject"] == "Spring: late raised (cash)"
    assert "off_track from 2026-03-01 to 2026-03-03" in mail.get_content()
    assert await deliveries(world) == [("lea", "sent", 1)]


async def test_what_is_not_taken_for_now_is_sent_again_with_the_same_id(
    world: PlanWorld, inbox: tuple[Inbox, MailServer]
) -> None:
    inbox[0].answers = ["451 later"]
    await world.start_day("2026-03-04", raised=1)
    assert await deliver_due(world.context) == 0
    assert await deliveries(world) == [("lea", "queued", 1)]
    await make_due(world, "next_at = now()")
    assert await deliver_due(world.context) == 1
    first, second = inbox[0].mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@creditor.example>")


async def test_after_a_day_nobody_tries_any_more(
    world: PlanWorld, inbox: tuple[Inbox, MailServer]
) -> None:
    inbox[0].answers = ["451 later"] * 2
    await world.start_day("2026-03-04", raised=1)
    await deliver_due(world.context)
    await make_due(world, "next_at = now(), made_at = now() - interval '24 hours'")
    await deliver_due(world.context)
    assert await deliveries(world) == [("lea", "failed", 2)]


async def test_killed_after_it_was_handed_over_it_goes_out_again_with_the_same_id(
    world: PlanWorld, inbox: tuple[Inbox, MailServer], settings: Settings
) -> None:
    await world.start_day("2026-03-04", raised=1)
    url = f"smtp://127.0.0.1:{inbox[1].port}"
    given = {"METRICS_SMTP_URL": url, "METRICS_MAIL_FROM": "alerts@creditor.example"}
    await die_at("metrics.mail.after_handover", settings, **given)
    assert len(inbox[0].mails) == 1
    assert [state for _, state, _ in await deliveries(world)] == ["queued"]
    assert await deliver_due(world.context) == 0  # somebody may still be at it
    await make_due(world, "next_at = now()")
    assert await deliver_due(world.context) == 1
    first, second = inbox[0].mails
    assert first["Message-ID"] == second["Message-ID"]
    assert [state for _, state, _ in await deliveries(world)] == ["sent"]


async def make_due(world: PlanWorld, changes: str) -> None:
    async with world.db.transaction() as session:
        await session.execute(f"update deliveries set {changes}")
