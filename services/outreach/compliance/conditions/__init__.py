"""Conditions: what a rule's `when` and `unless` test, in three-valued logic."""
