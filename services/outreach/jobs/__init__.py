"""Door 3: the clock. runs.py is `run-due` and its scheduler, checks.py the live check, sending.py
the hand-over, leases.py the machine-time loop. No transaction is open while a peer is asked."""
