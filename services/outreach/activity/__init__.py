"""The base that the other areas share: the record of a contact and what was decided of it, the
timeline, which debtors are to be planned again, business time."""
