"""CSV files as billing events, by a mapping: what the importer and the backtest read."""
