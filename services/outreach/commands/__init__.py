"""What outreach can do, each on a batch inside the caller's transaction: facts.py takes events in,
plans.py plans and claims, results.py records how contacts end."""
