"""One transaction each: plans.py plans and claims, results.py writes intents and records how
contacts end, governors.py loads what the governor needs, warnings.py starts tasks."""
