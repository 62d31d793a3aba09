"""What the ledger can do, each on a batch: load, decide, save, announce.

A command runs in the transaction of its caller and never commits. `intake.py` checks what doors
bring, `facts.py` records it, `days.py` announces what a begun day shows, `tenants.py` keeps
settings, `integrity.py` counts what does not hold. `accounts.py` finds and locks accounts, and
names the order of all locks; `decisions.py` makes rows and events of the rules' decisions.
"""
