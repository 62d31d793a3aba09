"""What takes several transactions, or a peer between two of them."""
