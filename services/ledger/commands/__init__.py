"""What the ledger can do, each on a batch: load, decide, save, announce.

A command runs in the transaction of its door and never commits. The order of locks is always the
same (business time, accounts by id, facts by id, the outbox last of all), so no two can wait for
each other in a circle. `intake.py` takes facts, `days.py` begins days, `tenants.py` keeps settings.
"""
