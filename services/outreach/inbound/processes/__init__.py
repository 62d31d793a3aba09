"""What the doors set going: taking.py (keep, then read), reading.py (one item, from claim to
ending), matching.py (whose it is), handling.py (what a person does about it), provider_events.py
(what providers post), routing.py (whose mail it is), lmtp.py and imap.py (mail that comes by
itself), channel_log.py (texts that adapters are handed)."""
