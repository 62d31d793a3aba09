"""What is done about what comes in, within the caller's transaction: items.py (keep, hand to a
person), endings.py (what follows from a reply), addresses.py (whose addresses), pauses.py."""
