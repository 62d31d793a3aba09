"""Messages by SMTP to a sink on this machine, signed, over kept connections; and letters as PDF."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from rich.console import Console
from rich.table import Table

from services.outreach.channels.clients.mail import MailChannel, MailSender
from services.outreach.channels.domain.contract import Accepted, Intent
from services.outreach.channels.domain.dkim_signature import DkimKey
from services.outreach.channels.domain.letter_pages import LetterSender, letter_pdf
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.parts import EmailParts, Parts
from services.outreach.channels.domain.tokens import LinkKey, LinkKeys
from shared import clock
from shared.smtp import Mailer, MailServer

MAILS = 3_000
MAILS_AIM = 300.0  # a second
LETTERS = 50
_SIDE_BY_SIDE = 8
_AT = datetime(2027, 3, 3, 8, tzinfo=UTC)
_TEXT = "Guten Tag,\n\n" + "Bitte zahlen Sie die offenen Beträge.\n\n" * 20
_SINK = """
import asyncio
from aiosmtpd.smtp import SMTP

class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def show(console: Console) -> list[str]:
    """Print how many a second; the aims that are missed."""
    with subprocess.Popen([sys.executable, "-c", _SINK], stdout=subprocess.PIPE) as sink:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        signed = asyncio.run(_mails(port, _key()))
        plain = asyncio.run(_mails(port, None))
        sink.terminate()
    letters = _letters()
    table = Table(title="Messages a second, one process", title_justify="left")
    for name in ("e-mail, signed", "e-mail", "letters as PDF"):
        table.add_column(name, justify="right")
    table.add_row(*(f"{rate:,.0f}" for rate in (signed, plain, letters)))
    console.print(table)
    if signed >= MAILS_AIM:
        return []
    return [f"e-mails a second: {signed:.0f}, aim {MAILS_AIM:.0f}"]


def _key() -> DkimKey:
    return DkimKey("creditor.example", "r1", generate_private_key(65537, 2048))


async def _mails(port: int, dkim: DkimKey | None) -> float:
    sender = MailSender("a@creditor.example", "Creditor", "r.example", "b.example", dkim)
    links = Links(LinkKeys(LinkKey(1, bytes(32))), "https://pay.example")
    channel = MailChannel(Mailer(MailServer.from_url(f"smtp://127.0.0.1:{port}")), sender, links)
    numbers = iter(range(MAILS))

    async def work(numbers: Iterator[int]) -> None:
        for number in numbers:
            assert isinstance(await channel.send(_intent(number)), Accepted)

    started = time.monotonic()
    await asyncio.gather(*(work(numbers) for _ in range(_SIDE_BY_SIDE)))
    spent = time.monotonic() - started
    await channel.close()
    return MAILS / spent


def _intent(number: int) -> Intent:
    return Intent(
        tenant="demo",
        contact_id=str(UUID(int=number)),
        to=f"d{number}@example.com",
        to_name="Bärbel Müller",
        deadline=clock.now() + timedelta(minutes=1),
        callback_token="",
        at=_AT,
        language="de",
        parts=_parts,
    )


async def _parts() -> Parts | None:
    return EmailParts("Ihre Rechnung ist fällig", _TEXT, f"<p>{_TEXT}</p>")


def _letters() -> float:
    started = time.monotonic()
    for _ in range(LETTERS):
        letter_pdf(
            _TEXT,
            to=("Bärbel Müller", "Musterstr. 1", "20095 Hamburg"),
            sender=LetterSender("Bücher GmbH", ("Weg 1", "10115 Berlin")),
            on=date(2027, 3, 3),
            language="de",
        )
    return LETTERS / (time.monotonic() - started)
