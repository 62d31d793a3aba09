"""All SQL of metrics: `accounts`, `cells`, `changes` for folding, `figures` for answering."""
