"""What the desk's routes share: who may call them, and texts in their bodies."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.texts import id_fault, text_fault
from shared.web.auth import Caller, needs


def _text(value: str) -> str:
    if fault := text_fault(value):
        raise ValueError(fault)
    return value


def _id(value: str) -> str:
    if fault := id_fault(value):
        raise ValueError(fault)
    return value


Collector = Annotated[Caller, needs("desk")]
Decider = Annotated[Caller, needs("desk", "outreach:write")]
Reader = Annotated[Caller, needs("desk", "outreach:read", "outreach:write")]
Manager = Annotated[Caller, needs("outreach:write")]

Name = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_id)]
Note = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_text)]
Address = Annotated[str, Field(min_length=1, max_length=320), AfterValidator(_text)]
