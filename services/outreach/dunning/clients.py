"""The ledger over HTTP: its live check, and commands on behalf of people. Never called with a
transaction open."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from services.outreach.dunning.domain.live_check import CheckedAccount, CollectableAnswer
from shared.errors import Unavailable

CHECK_TIMEOUT_SECONDS = 2.0
CHECK_ACCOUNTS_MAX = 500

COMMAND_TIMEOUT_SECONDS = 10.0
DOCUMENT_TIMEOUT_SECONDS = 30.0

Method = Literal["GET", "POST", "PUT", "DELETE"]

_ANSWER = msgspec.json.Decoder(CollectableAnswer)


class CommandAnswer(Struct, frozen=True):
    """What the ledger answered; whether it liked the command is the caller's to see."""

    status: int
    body: Any  # JSON; None: it was none
    etag: str | None = None  # of what may be asked for, for a command's `If-Match`

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300


class LedgerDocument(Struct, frozen=True):
    """A statement or a copy of an invoice; or a problem, by its status."""

    status: int
    content: bytes
    media_type: str
    disposition: str | None = None


class LedgerClient:
    """The ledger, asked what is collectable just before a contact is made, and told what people
    have agreed."""

    def __init__(self, url: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=CHECK_TIMEOUT_SECONDS,
            trust_env=False,  # a peer is never behind the host's proxy
        )

    async def collectable(self, tenant: str, account_ids: Sequence[str]) -> CollectableAnswer:
        """The accounts as the ledger has them now. Raises `Unavailable` without a good answer."""
        answers = [
            await self._ask(tenant, account_ids[start : start + CHECK_ACCOUNTS_MAX])
            for start in range(0, len(account_ids), CHECK_ACCOUNTS_MAX)
        ]
        accounts: list[CheckedAccount] = [a for answer in answers for a in answer.accounts]
        instants = [answer.intake_caught_up_at for answer in answers]
        known = [instant for instant in instants if instant is not None]
        return CollectableAnswer(
            tuple(accounts), min(known) if len(known) == len(instants) else None
        )

    async def _ask(self, tenant: str, account_ids: Sequence[str]) -> CollectableAnswer:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):  # httpx's own is per read
                response = await self._http.post(
                    "/v1/accounts/collectable",
                    json={"account_ids": list(account_ids)},
                    headers={"X-Tenant": tenant},
                )
            if response.status_code != httpx.codes.OK:
                raise Unavailable(f"the ledger's check answered {response.status_code}")
            return _ANSWER.decode(response.content)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(f"the ledger's check: {type(error).__name__}") from error
        except msgspec.DecodeError as error:
            raise Unavailable(f"the ledger's check does not fit its contract: {error}") from error

    async def command(
        self,
        tenant: str,
        method: Method,
        path: str,
        body: Mapping[str, Any] | None,
        key: str | None,
        actor: str,
        *,
        if_match: str | None = None,
    ) -> CommandAnswer:
        """Run a command, or read what it is about; the same key runs it once. Raises `Unavailable`
        where there was no answer, or none that says how it ended: the same again is safe."""
        headers = {"X-Tenant": tenant, "X-Actor": header_text(actor)}
        if key is not None:
            headers["Idempotency-Key"] = key
        if if_match is not None:
            headers["If-Match"] = if_match
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_SECONDS):
                response = await self._http.request(
                    method,
                    path,
                    content=None if body is None else msgspec.json.encode(body),
                    headers={**headers, "Content-Type": "application/json"},
                    timeout=COMMAND_TIMEOUT_SECONDS,
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(f"the ledger: {type(error).__name__}") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"the ledger answered {response.status_code}")
        etag = response.headers.get("etag")
        try:
            return CommandAnswer(response.status_code, msgspec.json.decode(response.content), etag)
        except msgspec.DecodeError:
            return CommandAnswer(response.status_code, None)

    async def document(
        self, tenant: str, path: str, query: Mapping[str, str], accept: str
    ) -> LedgerDocument:
        """What the ledger has written for people. Raises `Unavailable` without an answer."""
        try:
            async with asyncio.timeout(DOCUMENT_TIMEOUT_SECONDS):
                response = await self._http.get(
                    path,
                    params=dict(query),
                    headers={"X-Tenant": tenant, "Accept": accept},
                    timeout=DOCUMENT_TIMEOUT_SECONDS,
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(f"the ledger: {type(error).__name__}") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"the ledger answered {response.status_code}")
        headers = response.headers
        return LedgerDocument(
            response.status_code,
            response.content,
            headers.get("content-type", "application/octet-stream"),
            headers.get("content-disposition"),
        )

    async def close(self) -> None:
        await self._http.aclose()


def header_text(text: str) -> str:
    """As a header may carry it: what is not plain ASCII stands as in an address."""
    return quote(text, safe="@.:+-_ ")
