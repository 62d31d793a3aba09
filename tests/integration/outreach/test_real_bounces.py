"""Bounces as a real mail server writes them, from the message to what they say of its contact."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.outreach.channels.domain.contract import Accepted, Receipt
from services.outreach.channels.domain.mail_reports import MailReport, read_mail_report
from services.outreach.channels.domain.tokens import address_token
from shared import clock
from tests.conftest import not_run
from tests.dkim_oracle import verify
from tests.integration.outreach import postfix
from tests.integration.outreach.test_mail_channel import CONTACT, channel, dns, intent
from tests.integration.outreach.world import until
from tests.unit.outreach.builders import LINKS

RCPT = {
    "nobody@far.test": "550 5.1.1 no such user",
    "disabled@far.test": "550 5.2.1 mailbox disabled",
    "full@far.test": "552 5.2.2 mailbox full",
    "blocked@far.test": "554 5.7.1 we do not want that",
    "plain@far.test": "550 no, thanks",
}
DATA = {"content@far.test": "554 5.6.0 cannot read that"}


@dataclass
class FarServer:
    """Whom the mail server hands on to: refuses some, greylists one, takes bounces."""

    port: int = 0
    bounces: list[tuple[str, bytes]] = field(default_factory=list)  # to whom, and what
    delivered: dict[str, bytes] = field(default_factory=dict)
    greylisted: int = 0

    async def handle_RCPT(  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address in RCPT:
            return RCPT[address]
        if address == "grey@far.test" and not self.greylisted:
            self.greylisted += 1
            return "451 4.7.1 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        if address in DATA:
            return DATA[address]
        assert isinstance(envelope.content, bytes)
        if address.startswith("b+"):
            self.bounces.append((address, envelope.content))
        else:
            self.delivered[address] = envelope.content
        return "250 OK"


@asynccontextmanager
async def far_server() -> AsyncIterator[FarServer]:
    far, loop = FarServer(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(far, loop=loop), "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    try:
        yield far
    finally:
        server.close()


async def reported(far: FarServer, port: int, address: str) -> MailReport | None:
    """What comes back for a message to the address, read as it came."""
    one = channel(f"smtp://127.0.0.1:{port}")
    before = len(far.bounces)
    assert isinstance(await one.send(intent(address)), Accepted)
    await one.close()
    await until(lambda: len(far.bounces) > before)
    to, raw = far.bounces[-1]
    return read_mail_report(raw, [to], clock.now() + timedelta(seconds=5), LINKS.keys.all)


async def test_bounces_of_a_real_mail_server_are_read() -> None:
    if not postfix.is_here():
        not_run(postfix.WHY_NOT)
    expected = {
        "nobody@far.test": ("5.1.1", True),
        "disabled@far.test": ("5.2.1", True),
        "full@far.test": ("5.2.2", False),
        "blocked@far.test": ("5.7.1", False),
        "plain@far.test": ("5.0.0", False),
        "content@far.test": ("5.6.0", False),
    }
    async with far_server() as far:
        manager = postfix.running(far.port)
        port = await asyncio.to_thread(manager.__enter__)
        try:
            for address, (code, is_dead) in expected.items():
                report = await reported(far, port, address)
                assert report is not None, address
                (receipt,) = report.receipts
                assert receipt == Receipt(
                    state="failed",
                    at=receipt.at,
                    token=address_token("b", CONTACT, LINKS.keys.signing),
                    provider_id=f"<{CONTACT}@creditor.example>",
                    code=code,
                    is_address_dead=is_dead,
                ), address
            one = channel(f"smtp://127.0.0.1:{port}")
            await one.send(intent("grey@far.test"))
            await one.close()
            await until(lambda: far.delivered)
            assert len(far.bounces) == len(expected)
            (content,) = far.delivered.values()
            assert verify(content, dns())  # a relay on the way leaves it whole
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)


@pytest.mark.parametrize("raw", [b"", b"From: a@x\r\n\r\nhello"])
def test_other_mail_to_the_return_path_is_no_report(raw: bytes) -> None:
    assert read_mail_report(raw, ["b+x@y"], clock.now(), LINKS.keys.all) is None
