"""`make demo`: a portfolio worked day by day by the whole platform, from invoice to recovery."""
