"""What people allow, refuse and ask for: it counts at once for every contact under way."""
