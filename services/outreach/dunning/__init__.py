"""The staged plan of contacts: strategies, planning, claims, the live check, results. Read
processes/run_due.py first: the way of a contact from plan to result is on that page."""
