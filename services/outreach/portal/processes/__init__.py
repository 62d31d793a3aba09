"""What takes several transactions, the ledger or a channel."""
