"""Which rule books count."""
