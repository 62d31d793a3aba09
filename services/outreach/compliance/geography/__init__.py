"""Where a debtor may be, and so which law and which clock hold: countries, states, area codes."""
