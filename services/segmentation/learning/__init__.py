"""What can be learned from past invoices: cases, features, models, figures. Start with `cases.py`.

Pure: facts in, models out. It knows no store, no clock and no other part of the service.
"""
