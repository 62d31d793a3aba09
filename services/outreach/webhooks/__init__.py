"""Webhooks: systems of others that are told of outreach's events, signed, in order, until they take
them."""
