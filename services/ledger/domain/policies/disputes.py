"""The policy `disputes`: how long each side has, and what a rejected dispute costs."""

from typing import Literal

from msgspec import Struct

from services.ledger.domain.policies.members import SomeDays, Version

After = Literal["charge", "forgive"]
SOURCE = """\
{name: disputes, version: default, evidence_days: 14, answer_days: 30, after_rejection: {interest: charge, fees: forgive}}
"""  # noqa: E501


class AfterRejection(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What becomes of what was withheld while the dispute was open."""

    interest: After = "charge"
    fees: After = "forgive"


class DisputePolicy(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    name: Literal["disputes"]
    version: Version
    evidence_days: SomeDays = 14  # the debtor's
    answer_days: SomeDays = 30  # ours
    after_rejection: AfterRejection = AfterRejection()
