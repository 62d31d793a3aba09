"""What an invoice adds: each file some measures, all of them additive (`cells.py`).

balances.py (invoiced, open, aged) · cash.py (late, paid_days, put_of) · collections.py (entered,
reentered, recovered, collected, overdue_entered) · losses.py (written_off, written_of) ·
cohorts.py (ripe, ripe_open, overdue_of, disputed) · placements.py (placed, placed_cash) ·
rolls.py (stay, roll) · lives.py (settled, left)
"""
