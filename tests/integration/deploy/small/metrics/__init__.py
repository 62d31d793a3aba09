"""The small metrics."""
