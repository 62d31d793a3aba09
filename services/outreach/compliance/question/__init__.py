"""The question put to the governor: a debtor, their debts, a contact and what went before it."""
