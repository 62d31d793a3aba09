"""Organisations: tenants that share limits on contacts, and what each of them has tried."""
