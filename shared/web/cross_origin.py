"""Pages of other origins that may read a service's answers: named exactly, and without cookies.

Nothing is allowed that the service does not name: reading, and asking by POST where the path says
so. What else a page sends, its browser refuses after the question beforehand (the preflight).
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_READING = ("GET",)
_ASKED_WITH = (
    "authorization",
    "content-type",
    "if-none-match",
    "last-event-id",
    "x-request-id",
    "x-tenant",
)
_SHOWN = ("etag", "retry-after", "x-request-id")
_REMEMBERED_SECONDS = 600


class CrossOrigin:
    """Round the edge, so that pages can read its refusals too. `questions`: paths whose POST
    changes nothing."""

    def __init__(self, app: ASGIApp, origins: Sequence[str], questions: frozenset[str]) -> None:
        self._questions = questions
        self._reading = self._layer(app, origins, _READING)
        self._asking = self._layer(app, origins, (*_READING, "POST"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        layer = self._asking if scope.get("path") in self._questions else self._reading
        await layer(scope, receive, send)

    @staticmethod
    def _layer(app: ASGIApp, origins: Sequence[str], methods: Sequence[str]) -> CORSMiddleware:
        return CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=_ASKED_WITH,
            allow_credentials=False,
            expose_headers=_SHOWN,
            max_age=_REMEMBERED_SECONDS,
        )
