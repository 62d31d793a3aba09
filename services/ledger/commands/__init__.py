"""What the ledger can do, each on a batch: load, decide, save, announce.

A command runs in the transaction of its door and never commits. `intake.py` checks what doors
bring, `facts.py` records it, `days.py` announces what a begun day shows, `tenants.py` keeps
settings, `integrity.py` counts what does not hold. `accounts.py` says in which order they lock.
"""
