"""What channels record beyond what they send."""
