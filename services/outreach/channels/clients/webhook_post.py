"""Posts signed bodies to the endpoints of others: bounded in time and size, without redirects, and
never into a private network."""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import httpcore

from services.outreach.channels.domain.webhook_targets import may_reach

TIMEOUT_SECONDS = 15.0  # of a whole try
CONNECTIONS_MAX = 32
_ANSWER_BYTES_MAX = 64 * 1024  # read so that the connection can be kept; the rest is not
_AGENT = b"recoup-webhooks/1"


@dataclass(frozen=True)
class Posted:
    """What came of one try: a status, or why there is none."""

    status: int | None = None
    failure: str = ""
    retry_after: float | None = None  # seconds, as the endpoint asks

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410

    @property
    def reason(self) -> str:
        return self.failure or f"http-{self.status}"


class NotPublic(OSError):
    """A name leads to an address that is not public."""


class _PublicBackend(httpcore.AsyncNetworkBackend):
    """Looks at where a name leads, and connects to just that address."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"no such host: {type(error).__name__}") from error
        addresses = [str(info[4][0]) for info in found]
        if not addresses or not all(may_reach(address) for address in addresses):
            raise NotPublic("not-public")
        return await self._inner.connect_tcp(
            addresses[0],
            port,
            timeout=timeout,
            local_address=local_address,
            socket_options=socket_options,
        )

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class WebhookPoster:
    """One per process. `is_local`: this machine and its network may be reached too."""

    def __init__(self, *, is_local: bool, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout_seconds
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=CONNECTIONS_MAX,
            keepalive_expiry=30.0,
            network_backend=None if is_local else _PublicBackend(),
        )

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Posted:
        """One try. Whatever goes wrong is told, nothing is raised."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Posted(failure="timeout")
        except NotPublic:
            return Posted(failure="not-public")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            return Posted(failure=type(error).__name__)
        except (OSError, httpcore.UnsupportedProtocol, ValueError) as error:
            return Posted(failure=type(error).__name__)

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Posted:
        target = httpcore.URL(url)
        sent = [
            (b"host", _authority(target)),
            (b"content-length", str(len(body)).encode()),
            (b"user-agent", _AGENT),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]
        seconds = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        async with self._pool.stream(
            "POST", target, headers=sent, content=body, extensions={"timeout": seconds}
        ) as answer:
            size = 0
            async for chunk in answer.aiter_stream():
                size += len(chunk)
                if size > _ANSWER_BYTES_MAX:
                    break
            return Posted(answer.status, retry_after=_retry_after(answer))

    async def close(self) -> None:
        await self._pool.aclose()


def _authority(target: httpcore.URL) -> bytes:
    host = b"[" + target.host + b"]" if b":" in target.host else target.host
    return host if target.port is None else host + b":" + str(target.port).encode()


def _retry_after(answer: httpcore.Response) -> float | None:
    """Seconds only: a date would need the endpoint's clock."""
    for name, value in answer.headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) <= 6:
            return float(value)
    return None
