"""Accounts and invoices as folded from events, and a debtor as a person."""
