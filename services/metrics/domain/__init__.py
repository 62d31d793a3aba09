"""The figures' rules: what each event adds to which daily measure, and what a KPI makes of them.

Start with `items.py` (what is remembered), `fold.py` (what an event changes), `cells.py` (what an
item adds to the daily measures), `restate.py` (only differences are stored), `kpis.py` (formulas).
"""
