"""Metrics: the figures."""
