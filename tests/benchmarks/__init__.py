"""How fast the ledger takes facts in, beside the least and the most that one could do instead."""
