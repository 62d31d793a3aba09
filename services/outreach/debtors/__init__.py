"""Who owes: accounts, invoices and details folded from the log, and a debtor's profile, which is
what the contact governor is asked about."""
