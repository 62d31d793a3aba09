"""The figures' rules: what each event adds to which measure, and what a KPI makes of them.

Start with `accounts.py` (what is remembered), `kinds/` (a file per noun: its facts, what its events
change, what it adds), `cells.py` (where it adds up), `restate.py` (only differences are stored),
`kpis/` (formulas by family), `questions.py` and `answers.py`.
"""
