"""The ledger: what is owed, to the cent. Start reading in `domain/`, then `commands/`."""
