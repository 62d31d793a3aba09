"""The policy `retention`: how long personal data is kept after an account's last fact."""

from calendar import monthrange
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from services.ledger.domain.policies.members import Version

SOURCE = """\
{name: retention, version: default, personal_data_months: 36}
"""


class RetentionPolicy(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    name: Literal["retention"]
    version: Version
    personal_data_months: Annotated[int, Meta(ge=1, le=1200)] = 36

    def kept_from(self, day: date) -> date:
        """On a day, the account whose last fact is of an earlier day than this is erased."""
        months = day.year * 12 + day.month - 1 - self.personal_data_months
        if months < 12:
            return date.min
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(day.day, monthrange(year, month)[1]))
