"""What the desk's routes share: who may call them, and texts in their bodies."""

from typing import Annotated

from pydantic import Field

from shared.web.auth import Caller, needs
from shared.web.models import CHECKED_ID, CHECKED_TEXT

Collector = Annotated[Caller, needs("desk")]
Decider = Annotated[Caller, needs("desk", "outreach:write")]
Reader = Annotated[Caller, needs("desk", "outreach:read", "outreach:write")]
Manager = Annotated[Caller, needs("outreach:write")]

Name = Annotated[str, Field(min_length=1, max_length=128), CHECKED_ID]
Note = Annotated[str, Field(min_length=1, max_length=2000), CHECKED_TEXT]
Address = Annotated[str, Field(min_length=1, max_length=320), CHECKED_TEXT]
