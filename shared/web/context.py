"""A service's context: the one object in which its doors find what they work with.

Each service declares a frozen `Context` in its `context.py` and the typed dependency with its
routes: `ContextDep = Annotated[Context, Depends(context_of)]`.
"""

from typing import Any, Protocol

from fastapi import Request

from shared.database import Database


class ServiceContext(Protocol):
    """What the common routes need of a service."""

    @property
    def db(self) -> Database: ...


def context_of(request: Request) -> Any:
    """The context that `make_app` was given."""
    return request.app.state.context
