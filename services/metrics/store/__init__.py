"""All SQL of metrics: `items.py` for folding events, `figures.py` for answering questions."""
