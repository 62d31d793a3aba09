"""Metrics: the figures, by day, as known at any time. Start with `domain/`, then `commands.py`."""
