"""What reads or applies rule books for long: fetched first, computed in another process or thread
with no connection held, one place per tenant. calculation.py the way there · books.py books made
ready, checked and listed · questions.py answers and timelines · book_trial.py dry runs."""
