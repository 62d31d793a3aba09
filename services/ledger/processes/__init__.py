"""What takes several transactions: one command in each, so that none lasts for long."""
