"""SQL of debtors: tenants.py, accounts.py, people.py and invoices.py as the log announced them,
profiles.py a debtor as a person."""
