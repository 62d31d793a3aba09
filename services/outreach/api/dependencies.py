"""What a route asks for by type: the service's context."""

from typing import Annotated

from fastapi import Depends

from services.outreach.context import Context
from shared.web import context_of

ContextDep = Annotated[Context, Depends(context_of)]
