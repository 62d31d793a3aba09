"""Real peers in this process: a mail server that misbehaves on demand, the ledger's HTTP door."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Literal

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI, Request, Response

MailMode = Literal[
    "accept", "refuse", "greylist", "full", "no-lookup", "closing", "break", "refuse-sender",
    "busy-sender", "refuse-data", "defer-data", "full-data", "hang", "drop", "slow",
    "garbled", "unsure", "no-tls", "sign-in", "disabled", "over-quota", "sender-at-recipient",
]  # fmt: skip


_AT_SENDER = {
    "refuse-sender": "550 5.7.1 sender not allowed",
    "busy-sender": "421 4.3.2 not now",
}
_AT_RECIPIENT = {
    "refuse": "550 5.1.1 no such user",
    "greylist": "451 4.7.1 greylisted",
    "full": "452 4.2.2 mailbox full",
    "no-lookup": "451 4.3.0 temporary lookup failure",
    "closing": "421 too many errors",
    "garbled": "what?",
    "unsure": "252 cannot verify",
    "no-tls": "454 4.7.0 TLS not available",
    "disabled": "550 5.2.1 mailbox disabled",
    "over-quota": "552 5.2.2 over quota",
    "sender-at-recipient": "550 5.1.8 sender address rejected: domain not found",
    "sign-in": "534 5.7.9 stronger authentication needed",
}
_AT_DATA = {
    "refuse-data": "554 5.7.1 rejected",
    "defer-data": "452 4.3.1 insufficient storage",
    "full-data": "452 4.2.2 mailbox full",
}


@dataclass
class MailSink:
    """An SMTP server. `hang` takes the message and never answers, `drop` cuts the line there."""

    port: int = 0
    mode: MailMode = "accept"
    received: list[bytes] = field(default_factory=list)
    connections: int = 0
    servers: list[SMTP] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    before_data: Callable[[], None] = lambda: None
    refusing: set[str] = field(default_factory=set)  # addresses that are refused for now
    breaking: set[str] = field(default_factory=set)  # addresses at which the line breaks
    named: list[str] = field(default_factory=list)  # every recipient that was asked for
    senders: list[str] = field(default_factory=list)  # return paths of what was received

    def cut(self) -> None:
        """Close every connection, as a server does with those that lie idle."""
        for server in self.servers:
            if server.transport is not None:
                server.transport.close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(  # aiosmtpd's name
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: Any
    ) -> Any:
        session.host_name = hostname
        self.connections += 1
        self.servers.append(server)
        return responses

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.mode in _AT_SENDER:
            return _AT_SENDER[self.mode]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        self.named.append(address)
        if address in self.refusing:
            return "452 4.2.2 mailbox full"
        if self.mode in _AT_RECIPIENT:
            return _AT_RECIPIENT[self.mode]
        if self.mode == "break" or address in self.breaking:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if self.mode == "slow":
            await self.released.wait()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.before_data()
        content = envelope.content
        assert isinstance(content, bytes)
        if self.mode in _AT_DATA:
            return _AT_DATA[self.mode]
        self.received.append(content)
        self.senders.append(str(envelope.mail_from))
        if self.mode == "hang":
            await self.released.wait()
        if self.mode == "drop":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        parsed = [message_from_bytes(content, policy=default) for content in self.received]
        return [message for message in parsed if isinstance(message, EmailMessage)]

    @property
    def recipients(self) -> list[str]:
        return [str(message["To"]) for message in self.messages]


@asynccontextmanager
async def mail_sink() -> AsyncIterator[MailSink]:
    sink = MailSink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, enable_SMTPUTF8=False, loop=loop), "127.0.0.1", 0
    )
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        sink.released.set()
        server.close()


LedgerMode = Literal["good", "hang", "behind", "never-caught-up", "error", "garbage", "empty"]


@dataclass(frozen=True)
class LedgerCommand:
    """One call of a command."""

    noun: str
    account_id: str
    body: Any
    key: str
    actor: str
    status: int


@dataclass
class LedgerPeer:
    """`POST /v1/accounts/collectable` as the contract has it, over state that a test writes."""

    port: int = 0
    mode: LedgerMode = "good"
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    commands: list[LedgerCommand] = field(default_factory=list)  # each call, repeats too
    answered: dict[str, tuple[int, Any]] = field(default_factory=dict)  # by Idempotency-Key
    next_answers: list[tuple[int, Any]] = field(default_factory=list)  # in place of 201
    requests: list[dict[str, Any]] = field(default_factory=list)  # what else it was asked
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)  # by path; else as above

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def taken(self) -> list[LedgerCommand]:
        """What it did: each command once, however often it came."""
        done = [c for c in self.commands if c.status == 201]
        return list({c.key: c for c in done}.values())

    def owes(
        self,
        account_id: str,
        *invoices: tuple[str, date, int],
        sequence: int = 1,
        stage: int | None = 1,
        currency: str = "EUR",
        disputed_minor: int = 0,
        unapplied_minor: int = 0,
        stops: tuple[Any, ...] = (),
        disclose: tuple[str, ...] = (),
    ) -> None:
        """Set what the ledger says of an account: its open invoices, all at one stage."""
        overdue = sum(minor for _, _, minor in invoices) if stage is not None else 0
        disputed = disputed_minor * len(invoices)
        self.accounts[account_id] = {
            "account_id": account_id,
            "sequence": sequence,
            "holds": [],
            "stops": list(stops),
            "arrangements": [],
            "charges": [],
            "disclose": list(disclose),
            "amounts": [
                {
                    "currency": currency,
                    "collectable_minor": max(0, overdue - disputed - unapplied_minor),
                    "overdue_minor": overdue,
                    "disputed_minor": disputed,
                    "unapplied_minor": unapplied_minor,
                }
            ],
            "invoices": [
                {
                    "invoice_id": invoice_id,
                    "number": f"N-{invoice_id}",
                    "due_on": due_on.isoformat(),
                    "currency": currency,
                    "balance_minor": minor,
                    "disputed_minor": disputed_minor,
                    "stage": stage,
                }
                for invoice_id, due_on, minor in invoices
            ],
        }

    def _answer(self, key: str, body: Any) -> tuple[int, Any]:
        if key in self.answered:
            known = next(c for c in self.commands if c.key == key)
            if known.body != body:
                return 409, {"detail": "the key was used for something else"}
            return self.answered[key]
        found = self.next_answers.pop(0) if self.next_answers else (201, {"id": key})
        if found[0] < 500:
            self.answered[key] = found
        return found

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/accounts/collectable")
        async def collectable(request: Request) -> Any:
            body = await request.json()
            self.calls.append(body["account_ids"])
            self.headers.append(dict(request.headers))
            if self.mode == "hang":
                await self.released.wait()
            if self.mode == "error":
                return Response(status_code=503)
            if self.mode == "garbage":
                return {"accounts": [{"account_id": 7}]}
            lag = timedelta(seconds=31 if self.mode == "behind" else 0)
            caught_up_at = (datetime.now(UTC) - lag).isoformat()
            return {
                "accounts": [
                    self.accounts[account_id]
                    for account_id in body["account_ids"]
                    if self.mode != "empty"
                ],
                "intake_caught_up_at": None if self.mode == "never-caught-up" else caught_up_at,
            }

        @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
        async def command(path: str, request: Request) -> Response:
            """A command, as the ledger takes it: the same key again has the first answer."""
            content = await request.body()
            key = request.headers.get("idempotency-key")
            actor = request.headers.get("x-actor")
            body = json.loads(content) if content else None
            self.requests.append(
                {
                    "method": request.method,
                    "path": f"/{path}",
                    "body": body,
                    "key": key,
                    "actor": actor,
                    "tenant": request.headers.get("x-tenant"),
                }
            )
            if f"/{path}" in self.answers:
                status, answer = self.answers[f"/{path}"]
                if status == 0:  # the answer is lost on the way
                    raise RuntimeError("lost")
                return Response(json.dumps(answer), status, media_type="application/json")
            if request.method != "POST" or key is None:
                return Response("{}", 201, media_type="application/json")
            status, answer = self._answer(key, body)
            parts = path.split("/")
            account_id, noun = (parts[2], parts[3]) if len(parts) > 3 else ("", parts[-1])
            self.commands.append(
                LedgerCommand(noun, account_id, body or {}, key, actor or "", status)
            )
            return Response(json.dumps(answer), status, media_type="application/json")

        return app


@asynccontextmanager
async def ledger_peer() -> AsyncIterator[LedgerPeer]:
    peer = LedgerPeer()
    config = uvicorn.Config(
        peer.app(), host="127.0.0.1", port=0, log_config=None, lifespan="off", loop="none"
    )
    server = Server(config)
    task = asyncio.create_task(server.serve())
    await server.is_serving.wait()
    peer.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        peer.released.set()
        server.should_exit = True
        await task


class Server(uvicorn.Server):
    """Says when it serves, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_serving = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.is_serving.set()
