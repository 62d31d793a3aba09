"""Mail leaves encrypted or not at all, unless it stays on this machine or is said to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from shared.addresses import BadUrl
from shared.smtp import Handover, Mailer, MailServer
from tests.certificates import Authority


@dataclass
class Post:
    """A mail server with what it saw; for `localhost`, with or without STARTTLS."""

    ca: Path
    port: int = 0
    messages: int = 0
    passwords: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, session: Session, _envelope: Envelope) -> str:
        assert session.ssl is not None
        self.messages += 1
        return "250 OK"

    def sign_in(
        self, _server: SMTP, session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert session.ssl is not None, "the password came in plain text"
        self.passwords.append(getattr(data, "password", b""))
        return AuthResult(success=True)


async def serve(post: Post, context: ssl.SSLContext | None) -> asyncio.Server:
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            post,
            tls_context=context,
            authenticator=post.sign_in,
            auth_require_tls=False,
            loop=loop,
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    post.port = server.sockets[0].getsockname()[1]
    return server


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def encrypting(authority: Authority, tmp_path: Path) -> AsyncIterator[Post]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.vouch("localhost").write(tmp_path, "mail"))
    post = Post(authority.write(tmp_path))
    server = await serve(post, context)
    yield post
    server.close()
    await server.wait_closed()


@pytest.fixture
async def plain(authority: Authority, tmp_path: Path) -> AsyncIterator[Post]:
    """As after somebody on the way has taken STARTTLS out: it offers a sign-in and no TLS."""
    post = Post(authority.write(tmp_path))
    server = await serve(post, None)
    yield post
    server.close()
    await server.wait_closed()


async def handed_over(url: str) -> Handover:
    async def message() -> bytes:
        return b"Subject: debts\r\n\r\nof a person\r\n"

    async with Mailer(MailServer.from_url(url), timeout_seconds=5) as mailer:
        return await mailer.deliver("a@b.example", "c@d.example", message)


async def test_starttls_comes_before_the_password_and_the_mail(encrypting: Post) -> None:
    url = f"smtp://user:secret@localhost:{encrypting.port}?tls=starttls&cafile={encrypting.ca}"
    assert await handed_over(url) == Handover("sent")
    assert encrypting.passwords == [b"secret"]
    assert encrypting.messages == 1


async def test_without_starttls_nothing_is_handed_over(plain: Post) -> None:
    url = f"smtp://user:secret@localhost:{plain.port}?tls=starttls"
    assert await handed_over(url) == Handover("unavailable", "starttls-not-offered")
    assert (plain.passwords, plain.messages) == ([], 0)


@pytest.mark.parametrize("query", ["tls=starttls", "tls=starttls&cafile={ca}"])
async def test_a_certificate_for_nobody_we_know_or_another_name_is_refused(
    encrypting: Post, query: str
) -> None:
    host = "127.0.0.1" if "cafile" in query else "localhost"
    url = f"smtp://user:secret@{host}:{encrypting.port}?{query.format(ca=encrypting.ca)}"
    assert await handed_over(url) == Handover("unavailable", "certificate-refused")
    assert (encrypting.passwords, encrypting.messages) == ([], 0)


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://127.0.0.1:1025", "none", 1025),  # nobody else sees it
        ("smtp://[::1]:1025", "none", 1025),
        ("smtp://mail.example", "starttls", 25),
        ("smtp://mail:1025?tls=none", "none", 1025),
        ("smtp://localhost?tls=starttls", "starttls", 25),
        ("smtps://u:p%40ss@mail.example", "at-once", 465),
    ],
)
def test_tls_is_demanded_but_on_this_machine(url: str, tls: str, port: int) -> None:
    server = MailServer.from_url(url)
    assert (server.tls, server.port) == (tls, port)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("smtp://mail.example?starttls=no", r"\?starttls=, which is not understood"),
        ("smtp://mail.example?tls=perhaps", "none or starttls"),
        ("smtps://mail.example?tls=none", "begins with TLS"),
        ("smtp://mail.example/inbox", "has a path"),
        ("smtp://mail.example#x", "fragment"),
        ("smtp://user@mail.example", "without a password"),
        ("smtp://user:sec#ret@mail.example", "no port"),
        ("smtp://mail.example?cafile=/nowhere", "cafile"),
    ],
)
def test_what_is_not_understood_is_refused(url: str, words: str) -> None:
    with pytest.raises(BadUrl, match=words) as caught:
        MailServer.from_url(url)
    assert "ret" not in str(caught.value)
