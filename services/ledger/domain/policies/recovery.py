"""The policy `recovery`: small balances, the tail of a placement, credit that is overdue."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.members import Days, Version

SOURCE = """\
{name: recovery, version: default, small_balance: {default: 0}, small_after_days: 14, tail_days: 30, credit_overdue_days: 30}
"""  # noqa: E501


class RecoveryPolicy(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    name: Literal["recovery"]
    version: Version
    small_balance: AmountByCurrency = AmountByCurrency(others=Decimal(0))
    small_after_days: Days = 14  # after the latest cash
    tail_days: Days = 30  # after a recall, in which commission is still due
    credit_overdue_days: Days = 30

    def small_minor(self, currency: str) -> int:
        """Up to what the rest of an invoice is let go; 0: never."""
        return self.small_balance.minor(currency) or 0
