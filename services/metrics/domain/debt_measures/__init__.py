"""What an invoice adds: each file some measures, all of them additive (`cells.py`).

balances.py (invoiced, open, aged, late) · collections.py (entered, recovered, overdue_entered) ·
rolls.py (stay, roll) · lives.py (watched, settled, left)
"""
