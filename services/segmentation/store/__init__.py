"""All SQL of segmentation, by noun: accounts.py (states, the ranked list), assessments.py (what was
believed when), models.py (the registry and its roles), rescoring.py (jobs), figures.py (indices and
rates), active_policies.py. Rows never leave it."""
