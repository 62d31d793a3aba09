"""What takes from a balance and is neither money nor credit: concessions, write-offs, discounts.

They have no facts of their own: what they took stands with the invoices (`puts.Allocated`).
"""

from services.metrics.domain.kinds import Kind

KINDS = tuple(Kind(name=name, facts=()) for name in ("concession", "write_off", "discount"))
