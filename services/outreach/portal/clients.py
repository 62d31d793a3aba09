"""What the portal works with: the ledger by a token of its own, words, counts of requests."""

from dataclasses import dataclass, field

from services.outreach.dunning.clients import LedgerClient
from services.outreach.portal.domain.limits import HOUR, RequestCounts
from services.outreach.portal.domain.words import PortalWords


@dataclass(frozen=True)
class PortalDoor:
    ledger: LedgerClient
    words: PortalWords
    is_secure: bool  # whether cookies go over TLS only
    public_host: str  # by which visitors know us
    proxies: int = 0  # of ours, before this process
    of_links: RequestCounts = field(default_factory=RequestCounts)
    of_networks: RequestCounts = field(default_factory=RequestCounts)
    of_new_links: RequestCounts = field(default_factory=lambda: RequestCounts(HOUR))
