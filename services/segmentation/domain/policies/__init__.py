"""Segment policies by noun: the document, its conditions, its text, its schema, ready packs."""
