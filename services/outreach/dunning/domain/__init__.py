"""The rules of dunning, pure. planning.py gives a debtor's next contact, planner.py what becomes of
the one under way, live_check.py what is still due, outgoing.py whether a message may leave."""
