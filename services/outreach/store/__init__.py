"""All SQL of outreach, by noun: facts.py (what the log told), debtors.py (planning), contacts.py,
reads.py (lists for the API)."""
