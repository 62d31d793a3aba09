"""Channels as they are reached: an adapter in each module, registry.py from a tenant's settings to
the channels that are open. Never called with a transaction open."""
