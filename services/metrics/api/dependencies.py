"""What the routes ask for: the context, and a caller who may read or write."""

from typing import Annotated

from fastapi import Depends

from services.metrics.context import Context
from shared.web import context_of
from shared.web.auth import Caller, needs

SETTINGS_BYTES_MAX = 256 * 1024

ContextDep = Annotated[Context, Depends(context_of)]
CallerDep = Annotated[Caller, needs("metrics:read")]
WriterDep = Annotated[Caller, needs("metrics:write")]
# Who sets something: small bodies.
SetterDep = Annotated[Caller, needs("metrics:write", body_max=SETTINGS_BYTES_MAX)]
