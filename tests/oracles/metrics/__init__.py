"""Every figure of `services/metrics` once more, straight from the events: its referee.

Written from the pages of definitions alone, sharing no code with the service but the contract's
classes. Nothing is kept from one question to the next: a `Book` is what was known at some time,
read from the events anew, and each family of figures looks at its things one by one, so that it
says what the definition says. Clear before fast. Days are ordinals, so that their arithmetic is
that of numbers.
"""
