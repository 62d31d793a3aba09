"""Addresses of the web that messages carry: where their readers find us."""

from dataclasses import dataclass
from datetime import datetime

from services.outreach.channels.domain.tokens import LinkKeys, address_token, portal_link


@dataclass(frozen=True)
class Links:
    """Makes what leads back to a contact."""

    keys: LinkKeys
    public_url: str  # https://pay.example.com, without a slash at its end

    def opt_out(self, contact_id: str) -> str:
        return f"{self.public_url}/u/{address_token('u', contact_id, self.keys.signing)}"

    def portal(self, tenant: str, contact_id: str, expires_at: datetime) -> str:
        token = portal_link(tenant, contact_id, expires_at, self.keys.signing)
        return f"{self.public_url}/portal/{token}"
