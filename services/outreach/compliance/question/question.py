"""The question put to the governor: may this contact be made at this instant?

The shape is that of the public API. A member that is absent (`UNSET`) is not known, and what is
not known is never harmless; `null` and `[]` mean that there is known to be none. Members marked
"own" go beyond the public core: they say what a collector knows, so where they are absent nothing
is known that forbids the contact, and nothing that permits it.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.outreach.compliance.question.contact import Contact, Past
from services.outreach.compliance.question.debt import Debt
from services.outreach.compliance.question.debtor import Debtor
from services.outreach.compliance.question.terms import (
    LIST_MAX,
    Id,
    Instant,
    Part,
    Party,
    Percent,
    Text,
)


class Creditor(Part, frozen=True, kw_only=True):
    kind: Literal["bank", "lender", "utility", "hospital", "other"] | UnsetType = UNSET
    country: Text | UnsetType | None = UNSET  # own: its place, for limitation periods
    region: Text | UnsetType | None = UNSET  # own


class ReferenceRate(Part, frozen=True, kw_only=True):
    """A published rate, in force from a day on until the next of its name."""

    name: Id  # as rule books name it: ecb-mro, boe-bank-rate
    since: date = msgspec.field(name="from")
    percent: Percent
    until: date | UnsetType | None = UNSET  # unknown from that day on


class Question(Part, frozen=True, kw_only=True):
    at: Instant
    party: Party
    debtor: Debtor
    debts: Annotated[tuple[Debt, ...], Meta(min_length=1, max_length=LIST_MAX)]
    contact: Contact
    history: tuple[Past, ...] | UnsetType | None = UNSET
    creditor: Creditor | UnsetType | None = UNSET
    packs: tuple[Text, ...] | UnsetType | None = UNSET  # rule books by name; none: all law
    # own: rates beyond those of the rule books, in place of theirs from the same day on
    reference_rates: tuple[ReferenceRate, ...] | UnsetType | None = UNSET
