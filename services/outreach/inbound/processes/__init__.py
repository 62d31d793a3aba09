"""What the doors set going: taking.py (keep, then read), reading.py (one item, from claim to
ending), provider_events.py (what providers post), routing.py (whose mail it is), lmtp.py and
imap.py (mail that comes by itself)."""
