"""All SQL of outreach, by noun: facts.py (what the log told), debtors.py (planning), contacts.py,
statements.py (consents, preferences), history.py (contacts before, questions asked), dossiers.py (a
debtor as a person), reads.py (lists for the API)."""
