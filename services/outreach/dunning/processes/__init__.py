"""What takes several transactions: run_due.py the job, run_setup.py and contact_runs.py one run for
one tenant, provider_use.py its providers, live_check.py the question to the ledger, delivery.py the
hand-over, leases.py the end of lost ones, uncertain.py those of which nobody knows, dialler.py
calls that a dialler comes for. No transaction is open while a peer is asked."""
