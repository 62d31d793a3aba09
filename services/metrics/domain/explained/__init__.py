"""What a figure is made of: what each thing adds to it, and the facts behind that.

adding.py (what the cells of a thing add to a part of a figure, a matrix, a cohort) ·
accounts.py (of the things of whole accounts) · spans.py (of delinquencies) · facts.py (facts in
words) · lines.py (as they are answered)

A figure is a formula over sums of cells, so what a thing adds is the same formula over its own
cells alone, by the same reading rules. Where a formula is no sum, the KPI says what a thing adds,
given the figures of all (`Kpi.share`). So the things always add up to what is shown.
"""
