"""What it costs to have sent a contact."""

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.domain.costs import contact_micros
from services.outreach.channels.domain.tenant_settings import Costs


def paid(contact: DebtorContact, costs: Costs, to: str, units: int) -> DebtorContact:
    """With the units that a provider has taken, and their cost."""
    micros = contact_micros(costs, contact.channel, to, units)
    return replace(contact, units=units, cost_micros=micros, cost_currency=costs.currency)


def paid_at_least(contact: DebtorContact, costs: Costs, units: int = 1) -> DebtorContact:
    """Somebody says that it was sent, before whoever sends it has told what that took; or nobody is
    left who could tell."""
    return contact if contact.units else paid(contact, costs, contact.address or "", units)


def with_units_of(current: DebtorContact, sent: DebtorContact, provider_id: str) -> DebtorContact:
    """A contact that a receipt has taken on while it was handed over, with what the hand-over came
    to; the same, where it was another attempt. What a call costs, its end says."""
    if current.left_at != sent.left_at or current.outcome is not None:
        return current
    return replace(
        current,
        units=sent.units,
        cost_micros=sent.cost_micros,
        cost_currency=sent.cost_currency,
        message_id=provider_id or current.message_id,
    )
