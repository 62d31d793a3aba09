"""SQL of what all areas share: accounts.py and debtors.py (who there is, and whose plans change),
timeline.py, contacts.py (the records), judgements.py (the questions asked), business_times.py."""
