"""A backtest of a CSV file: the ledger's rules make of it what segmentation learns from."""
