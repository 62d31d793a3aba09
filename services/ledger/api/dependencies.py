"""What the ledger's routes ask for."""

from typing import Annotated

from fastapi import Depends, Query

from services.ledger.context import Context
from shared.web import Day, context_of
from shared.web.auth import Caller, needs

ContextDep = Annotated[Context, Depends(context_of)]
Reader = Annotated[Caller, needs("ledger:read", "ledger:write")]
ReaderOrDebtor = Annotated[Caller, needs("ledger:read", "ledger:write", "portal")]
Writer = Annotated[Caller, needs("ledger:write")]
Admin = Annotated[Caller, needs("admin")]
AsOf = Annotated[Day | None, Query(description="facts effective by the end of this day")]
