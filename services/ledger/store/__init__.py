"""All of the ledger's SQL, by noun. Rows never leave it: it gives and takes the domain's values."""
