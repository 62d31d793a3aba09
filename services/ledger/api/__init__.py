"""Door 1: HTTP. `intake.py` is the busy one; the others read."""
