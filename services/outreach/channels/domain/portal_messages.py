"""A message that waits in the portal for whoever has shown there who he is."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class PortalMessage:
    tenant: str
    contact_id: str
    title: str
    text: str = field(repr=False)
    language: str
    at: datetime  # business time
