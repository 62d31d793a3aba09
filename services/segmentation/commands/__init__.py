"""What segmentation can do, each on a batch inside the caller's transaction: scoring.py takes
events in and assesses, policies.py puts policies in force."""
