"""A transaction per request, committed before the answer leaves.

FastAPI's default for a dependency with `yield` is to run what follows the `yield` after the answer
was sent: a commit that failed would have been answered with 200. Hence `scope="function"`.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from shared.database import Session
from shared.web.context import ServiceContext


async def request_session(request: Request) -> AsyncIterator[Session]:
    """One transaction: committed when the route returns, rolled back when it raises."""
    context: ServiceContext = request.app.state.context
    async with context.db.transaction() as session:
        yield session


async def reading_session(request: Request) -> AsyncIterator[Session]:
    """One read-only snapshot."""
    context: ServiceContext = request.app.state.context
    async with context.db.reading() as session:
        yield session


SessionDep = Annotated[Session, Depends(request_session, scope="function")]
ReadSessionDep = Annotated[Session, Depends(reading_session, scope="function")]
