"""The rules of contact, pure: no IO, no clock, no configuration. Start reading at `planning.py`."""
