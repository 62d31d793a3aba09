"""What the routes ask for: the context, and a caller who may read the figures."""

from typing import Annotated

from fastapi import Depends

from services.metrics.context import Context
from shared.web import context_of
from shared.web.auth import Caller, needs

ContextDep = Annotated[Context, Depends(context_of)]
CallerDep = Annotated[Caller, needs("metrics:read")]
