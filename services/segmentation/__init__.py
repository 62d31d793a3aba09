"""Segmentation: what we believe about an account (features, score, segment, priority).

Start with `domain/`: `fold.py` (events into an account), `assess.py` (what follows from it); then
`commands/scoring.py`, which does both for a batch of events.
"""
