"""Take facts in, and mark the debtors whose plans they may change."""

from services.outreach.debtors.commands.facts import take_facts, take_segments, take_tenants
from services.outreach.debtors.commands.occasions import take_warnings

__all__ = ["take_facts", "take_segments", "take_tenants", "take_warnings"]
