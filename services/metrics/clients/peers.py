"""Outreach and segmentation over HTTP, on behalf of a plan. Never called with a transaction
open."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import httpx
import msgspec

from services.metrics.domain.plans.contingencies import CallAnswer, Service, ServiceCall
from shared.errors import Unavailable

CALL_TIMEOUT_SECONDS = 15.0
_STILL_RUNNING = "Idempotency-Key is still running"


class PeerClient:
    """The services that a plan acts on."""

    def __init__(self, urls: Mapping[Service, str], token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._http: dict[Service, httpx.AsyncClient] = {
            service: httpx.AsyncClient(
                base_url=url,
                headers=headers,
                timeout=CALL_TIMEOUT_SECONDS,
                trust_env=False,  # a peer is never behind the host's proxy
            )
            for service, url in urls.items()
        }

    async def ask(self, tenant: str, call: ServiceCall, *, key: UUID, actor: str) -> CallAnswer:
        """What the service answers; the same key asks once. Raises `Unavailable` where there is no
        answer, or none that says how it ended: the same again is safe."""
        headers = {
            "X-Tenant": tenant,
            "X-Actor": actor,
            "Idempotency-Key": str(key),
            "Content-Type": "application/json",
        }
        client = self._http.get(call.service)
        if client is None:
            raise Unavailable(f"{call.service} cannot be asked from here")
        try:
            async with asyncio.timeout(CALL_TIMEOUT_SECONDS):  # httpx's own is per read
                response = await client.post(
                    call.path, content=msgspec.json.encode(call.body), headers=headers
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(f"{call.service}: {type(error).__name__}") from error
        status = response.status_code
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in _FOR_NOW:
            raise Unavailable(f"{call.service} answered {status}")
        try:
            body = msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            body = None
        answer = CallAnswer(status, body)
        if status == httpx.codes.CONFLICT and _STILL_RUNNING in str(body):
            raise Unavailable(f"{call.service} is still at it")
        return answer

    async def close(self) -> None:
        for client in self._http.values():
            await client.aclose()


# Whose fault is ours, or nobody's for long: signed in wrongly, asked too often.
_FOR_NOW = frozenset({401, 408, 425, 429})
