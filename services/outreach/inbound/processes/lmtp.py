"""Mail over LMTP (RFC 2033): a mail server hands it over, and keeps it until we have."""

import asyncio
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from services.outreach.context import Context
from services.outreach.inbound.domain.items import new_mail
from services.outreach.inbound.domain.mail import MAIL_BYTES_MAX
from services.outreach.inbound.processes.routing import route_recipient
from services.outreach.inbound.processes.taking import take_item
from shared.process import telemetry
from shared.process.failures import note_failure

RECIPIENTS_MAX = 100
IDLE_SECONDS = 120.0
_LATER = "451 4.3.0 Not now, please come again"

log = telemetry.logger(__name__)


class MailTaker:
    """What happens at RCPT and after DATA. Its methods' names are aiosmtpd's."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def handle_RCPT(
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        try:
            tenant = await route_recipient(self._context, address)
        except Exception as error:  # noqa: BLE001 - the mail server keeps it
            note_failure("outreach", "lmtp", error)
            return _LATER
        if tenant is None:
            return "550 5.1.1 Nobody takes mail for this address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:
        """One line of answer for each recipient, in their order. Told only once it is kept."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        by_tenant: dict[str | None, list[str]] = {}
        tenants = []
        for address in envelope.rcpt_tos:
            tenant = await self._route(address)
            tenants.append(tenant)
            by_tenant.setdefault(tenant, []).append(address)
        kept = {t: t is not None and await self._keep(t, raw, to) for t, to in by_tenant.items()}
        return "\r\n".join("250 2.0.0 Kept" if kept[tenant] else _LATER for tenant in tenants)

    async def _route(self, address: str) -> str | None:
        try:
            return await route_recipient(self._context, address)
        except Exception as error:  # noqa: BLE001 - the mail server keeps it
            note_failure("outreach", "lmtp", error)
            return None

    async def _keep(self, tenant: str, raw: bytes, to: list[str]) -> bool:
        try:
            await take_item(self._context, tenant, new_mail(raw, to))
        except Exception as error:  # noqa: BLE001 - the mail server keeps it
            note_failure("outreach", "lmtp", error, tenant=tenant)
            return False
        return True


async def serve_lmtp(context: Context, host: str, port: int, *, stop: asyncio.Event) -> None:
    """Until stopped."""
    server = await open_lmtp(context, host, port)
    log.info("lmtp.open", host=host, port=port)
    try:
        await stop.wait()
    finally:
        server.close()


async def open_lmtp(context: Context, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    taker = MailTaker(context)
    return await loop.create_server(
        lambda: LMTP(
            taker,
            data_size_limit=MAIL_BYTES_MAX,
            enable_SMTPUTF8=True,
            timeout=IDLE_SECONDS,
            hostname="recoup",
            ident="Recoup",
            loop=loop,
        ),
        host,
        port,
    )
