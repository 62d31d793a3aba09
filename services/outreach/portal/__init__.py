"""The debtor's own door: an ASGI app of its own, behind a signed link."""
