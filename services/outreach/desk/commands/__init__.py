"""What changes at the desk, each in the transaction of its caller."""
