"""What visitors change, each in the transaction of its caller."""
