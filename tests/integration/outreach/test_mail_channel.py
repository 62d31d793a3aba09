"""E-mail as a channel, against mail servers that take, refuse, delay, drop and hang."""

import asyncio
import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from services.outreach.channels.clients.mail import MailChannel, open_mail
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Intent,
    Later,
    Refused,
    Unknown,
    Withdrawn,
)
from services.outreach.channels.domain.parts import EmailParts, Parts
from services.outreach.channels.domain.tenant_settings import (
    CreditorSettings,
    Dkim,
    Provider,
    TenantSettings,
)
from services.outreach.channels.domain.tokens import read_address_local_part
from shared import clock
from shared.errors import Unavailable
from tests.dkim_oracle import verify
from tests.integration.outreach.peers import MailSink
from tests.integration.outreach.world import SENDER, until
from tests.unit.outreach.builders import LINKS, at

CONTACT = "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab"
PROVIDER = Provider(
    channel="email",
    kind="smtp",
    secret="SMTP",
    from_="dunning@creditor.example",
    reply_domain="reply.creditor.example",
    bounce_domain="bounces.bücher.example",
    dkim=Dkim(domain="creditor.example", selector="r1", secret="DKIM"),
)
RSA = generate_private_key(65537, 2048)
PEM = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def hello() -> Parts | None:
    return EmailParts("Rechnung 7 ist fällig", "Guten Tag,\n\nbitte zahlen.\n", "<p>Guten Tag</p>")


def intent(to: str = "b@example.com", **changes: Any) -> Intent:
    one = Intent(
        tenant="demo",
        contact_id=CONTACT,
        to=to,
        to_name="Bärbel Müller",
        deadline=clock.now() + timedelta(seconds=30),
        callback_token="",
        at=at("2026-03-03 09:00"),
        language="de",
        parts=hello,
    )
    return replace(one, **changes)


def channel(url: str, provider: Provider = PROVIDER, seconds: float = 5) -> MailChannel:
    settings = TenantSettings(
        creditor=CreditorSettings(name="Bücher GmbH"), providers={"mail": provider}
    )
    setup = ProviderSetup(
        "demo", "mail", provider, settings, SENDER, LINKS, {"SMTP": url, "DKIM": PEM}
    )
    return open_mail(setup, timeout_seconds=seconds)


def dns() -> dict[str, str]:
    """Where who signs has its public key."""
    der = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = base64.b64encode(der).decode()
    return {"r1._domainkey.creditor.example.": f"v=DKIM1; k=rsa; p={key}"}


@pytest.mark.parametrize(
    ("mode", "sent"),
    [
        ("accept", Accepted(f"<{CONTACT}@creditor.example>")),
        ("refuse", Refused("5.1.1", is_address_dead=True)),
        ("disabled", Refused("5.2.1", is_address_dead=True)),
        ("over-quota", Refused("5.2.2")),
        ("refuse-data", Refused("5.7.1")),
        ("sender-at-recipient", Later("smtp-550", blame="provider")),
        ("refuse-sender", Later("smtp-550", blame="provider")),
        ("busy-sender", Later("smtp-421", blame="provider")),
        ("greylist", Later("smtp-451", blame="recipient")),
        ("full", Later("smtp-452", blame="recipient")),
        ("no-lookup", Later("smtp-451", blame="provider")),
        ("closing", Later("smtp-421", blame="unclear")),
        ("sign-in", Later("smtp-534", blame="provider")),
        ("no-tls", Later("smtp-454", blame="provider")),
        ("break", Later("SMTPServerDisconnected", blame="unclear")),
        ("defer-data", Later("smtp-452", blame="provider")),
        ("drop", Unknown("SMTPServerDisconnected")),
    ],
)
async def test_what_a_server_does_and_what_became_of_the_message(
    mail: MailSink, mode: str, sent: object
) -> None:
    mail.mode = mode  # type: ignore[assignment]
    one = channel(mail.url)
    assert await one.send(intent()) == sent
    await one.close()


async def test_a_greylisting_server_takes_it_when_it_comes_again(mail: MailSink) -> None:
    one = channel(mail.url)
    mail.mode = "greylist"
    assert isinstance(await one.send(intent()), Later)
    mail.mode = "accept"
    assert isinstance(await one.send(intent()), Accepted)
    assert (len(mail.received), mail.connections) == (1, 1)
    await one.close()


async def test_a_server_that_hangs_after_the_data_leaves_it_unknown(mail: MailSink) -> None:
    mail.mode = "hang"
    one = channel(mail.url, seconds=0.3)
    assert isinstance(await one.send(intent()), Unknown)
    assert isinstance(await one.find(intent()), CannotSay)
    await one.close()


async def test_a_server_that_hangs_before_it_has_surely_got_nothing(mail: MailSink) -> None:
    mail.mode = "slow"
    one = channel(mail.url, seconds=0.3)
    assert isinstance(await one.send(intent()), Later)
    assert mail.received == []
    await one.close()


async def test_a_server_that_never_greets_has_got_nothing() -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        one = channel(f"smtp://127.0.0.1:{port}", seconds=0.3)
        sent = await one.send(intent())
        assert isinstance(sent, Later)
        assert sent.blame == "provider"
        await left.wait()  # the line is not left open


async def test_nothing_is_begun_after_the_deadline(mail: MailSink) -> None:
    one = channel(mail.url)
    assert await one.send(intent(deadline=clock.now())) == Later("deadline", blame="unclear")
    assert mail.connections == 0
    mail.mode = "slow"

    async def answered_late() -> None:
        await until(lambda: mail.named)
        deadline = clock.now() + timedelta(seconds=0.2)
        await until(lambda: clock.now() > deadline)
        mail.released.set()

    late = asyncio.create_task(answered_late())
    found = await one.send(intent(deadline=clock.now() + timedelta(seconds=0.1)))
    await late
    assert found == Later("deadline", blame="unclear")
    assert mail.received == []
    await one.close()


async def test_what_is_withdrawn_at_the_last_instant_does_not_leave(mail: MailSink) -> None:
    async def nothing() -> Parts | None:
        return None

    one = channel(mail.url)
    assert await one.send(intent(parts=nothing)) == Withdrawn()
    assert mail.received == []
    await one.close()


async def test_a_message_carries_what_leads_back_and_a_signature_over_it(mail: MailSink) -> None:
    one = channel(mail.url)
    await one.send(intent())
    await one.close()
    (message,) = mail.messages
    keys = LINKS.keys.all
    local, _, domain = mail.senders[0].partition("@")
    assert domain == "bounces.xn--bcher-kva.example"
    assert read_address_local_part(local, keys) == ("b", CONTACT)
    reply_to = str(message["Reply-To"])
    assert reply_to.endswith("@reply.creditor.example")
    assert read_address_local_part(reply_to.partition("@")[0], keys) == ("r", CONTACT)
    https, mailto = str(message["List-Unsubscribe"]).split(", ")
    assert https == f"<{LINKS.opt_out(CONTACT)}>"
    assert https.startswith("<https://pay.creditor.example/u/")
    opt_out = mailto.removeprefix("<mailto:").partition("@")[0]
    assert read_address_local_part(opt_out, keys) == ("u", CONTACT)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{CONTACT}@creditor.example>"
    assert str(message["From"]) == "Bücher GmbH <dunning@creditor.example>"
    assert verify(mail.received[0], dns())
    signature = str(message["DKIM-Signature"])
    assert "a=rsa-sha256" in signature
    assert "c=relaxed/relaxed" in signature
    tampered = mail.received[0].replace(b"One-Click", b"Two-Click")
    assert not verify(tampered, dns())


async def test_a_server_of_the_installation_still_serves_without_domains(mail: MailSink) -> None:
    one = channel(mail.url, Provider(channel="email", kind="smtp", secret="SMTP"))
    assert isinstance(await one.send(intent()), Accepted)
    await one.close()
    (message,) = mail.messages
    assert mail.senders == [SENDER.address]
    assert str(message["List-Unsubscribe"]) == f"<{LINKS.opt_out(CONTACT)}>"
    assert message["DKIM-Signature"] is message["Reply-To"] is None


LONG = "l" * 64


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("first.last+tag@example.com", "first.last+tag@example.com"),
        ("O'Hara/x=1{2}@example.com", "O'Hara/x=1{2}@example.com"),
        ("kontakt@müller.example", "kontakt@xn--mller-kva.example"),
        ("kontakt@MÜLLER.example", "kontakt@xn--mller-kva.example"),
        (f"{LONG}@example.com", f"{LONG}@example.com"),
        (f"a@{'.'.join(['d' * 61] * 4)}.io", f"a@{'.'.join(['d' * 61] * 4)}.io"),
        (" padded@example.com ", "padded@example.com"),
    ],
)
async def test_addresses_in_every_form_that_smtp_takes(
    mail: MailSink, address: str, taken: str
) -> None:
    one = channel(mail.url)
    assert isinstance(await one.send(intent(address)), Accepted)
    assert mail.named == [taken]
    await one.close()


@pytest.mark.parametrize(
    "address",
    [
        "", "@", "a@", "@example.com", "a@@example.com", "a b@example.com", "a@exa mple.com",
        '"quoted"@example.com', '"a b"@example.com', "müller@example.com", "a@[127.0.0.1]",
        "a@127.0.0.1", ".a@example.com", "a.@example.com", "a..b@example.com",
        f"{LONG}l@example.com", f"a@{'d' * 64}.example", f"a@{'.'.join(['d' * 63] * 4)}.io",
        "a@-example.com", "a@example..com", "a@xn--0.example", "a\r\nRCPT TO:<x@x>@example.com",
        "a@example.com\r\nDATA", "a\x00@example.com", "<a@example.com>", "A <a@example.com>",
        "a,b@example.com", "a@example.com,b@example.com", "a@exam\u202eple.com",
    ],
)  # fmt: skip
async def test_addresses_that_nothing_can_be_sent_to_reach_no_server(
    mail: MailSink, address: str
) -> None:
    one = channel(mail.url)
    assert await one.send(intent(address)) == Refused("address-unusable", is_address_dead=True)
    assert mail.connections == 0
    await one.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("DKIM", "no key"), ("DKIM", ""), ("SMTP", "http://mail.example"), ("SMTP", "")],
)
def test_a_provider_whose_variable_is_wrong_is_not_opened(name: str, value: str) -> None:
    secrets = {"SMTP": "smtp://127.0.0.1:1", "DKIM": PEM} | {name: value}
    setup = ProviderSetup("demo", "mail", PROVIDER, TenantSettings(), SENDER, LINKS, secrets)
    with pytest.raises(Unavailable, match=name):
        open_mail(setup)
