"""SQL of what comes in: items.py (each item, from door to ending), senders.py (whose it is),
addresses.py (which accounts have a mailbox or a number)."""
