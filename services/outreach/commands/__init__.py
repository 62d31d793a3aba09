"""What outreach can do, each on a batch inside the caller's transaction: facts.py takes events in,
plans.py plans and claims, governing.py puts debtors before the governor, results.py records how
contacts end, statements.py what people said."""
