"""What changes the records of channels, within the caller's transaction."""
