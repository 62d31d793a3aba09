"""What takes several transactions: run_due.py the way of every contact, live_check.py the question
to the ledger, delivery.py the hand-over, leases.py the end of lost ones. No transaction is open
while a peer is asked."""
