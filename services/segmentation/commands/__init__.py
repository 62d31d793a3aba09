"""What segmentation can do, each on a batch inside the caller's transaction.

scoring.py takes events in and assesses · rescoring.py assesses a slice of all accounts again ·
scores.py answers with what was recorded · models.py, policies.py, experiments.py put in force and
end · warnings.py keeps episodes · business_time.py the tenant's day
"""
