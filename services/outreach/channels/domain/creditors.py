"""Whom a tenant's messages name."""

from services.outreach.channels.domain.message_values import CreditorDetails
from services.outreach.channels.domain.messages import Sender
from services.outreach.channels.domain.tenant_settings import TenantSettings


def creditor_of(settings: TenantSettings, sender: Sender) -> CreditorDetails:
    """As the tenant's settings say; where they are silent, as the installation's do."""
    own = settings.creditor
    return CreditorDetails(
        own.name or sender.name,
        own.postal_address or sender.postal_address,
        own.tax_id or sender.tax_id,
        own.phone,
        own.url,
    )
