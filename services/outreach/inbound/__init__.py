"""What comes in: receipts, replies and requests, understood or handed to a person."""
