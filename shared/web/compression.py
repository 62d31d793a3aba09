"""Answers compressed for who takes gzip; never a stream of events, which would stand still."""

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FROM_BYTES = 1024
APART_FROM_BYTES = 32 * 1024  # in a thread: meanwhile others are answered
LEVEL = 6


class Compression:
    """A layer of the application, inside the edge."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = GZipMiddleware(
            app,
            minimum_size=FROM_BYTES,
            compresslevel=LEVEL,
            thread_minimum_size=APART_FROM_BYTES,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_tidied(message: Message) -> None:
            if message["type"] == "http.response.start":
                _tidy_vary(MutableHeaders(raw=message["headers"]))
            await send(message)

        await self._app(scope, receive, send_tidied)


def _tidy_vary(headers: MutableHeaders) -> None:
    """Each name once: an answer that says what it varies by is not compressed each time."""
    vary = headers.get("vary")
    if vary is not None:
        names = [name.strip() for name in vary.split(",")]
        headers["vary"] = ", ".join(dict.fromkeys(names))
