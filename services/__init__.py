"""The four services. None imports another: they meet in `shared.events` and in the log."""
