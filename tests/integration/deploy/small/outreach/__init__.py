"""The small outreach."""
