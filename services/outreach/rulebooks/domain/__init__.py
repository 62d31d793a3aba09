"""Which books apply when (versions.py), how they get to another process (texts.py), and what is
worked out there: answers (questions.py), trials (trial.py), outlines (kind.py)."""
