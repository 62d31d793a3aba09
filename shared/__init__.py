"""Technology and contracts that all four services share. Knows no service."""
