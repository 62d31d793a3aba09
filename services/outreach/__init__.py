"""Outreach: who is asked, how and when; every contact and every reason for silence is an event."""
