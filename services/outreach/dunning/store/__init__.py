"""SQL of dunning: debtors.py what planning needs, contacts.py their life and steps, warnings.py."""
