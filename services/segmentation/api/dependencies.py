"""What routes ask for: the context, and callers who may read or change."""

from typing import Annotated

from fastapi import Depends

from services.segmentation.context import Context
from shared.web import context_of
from shared.web.auth import Caller, needs

ContextDep = Annotated[Context, Depends(context_of)]
Reader = Annotated[Caller, needs("segmentation:read", "segmentation:write")]
Writer = Annotated[Caller, needs("segmentation:write")]
