"""Segmentation: what we believe about an account (features, score, segment, priority)."""
