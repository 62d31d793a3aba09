"""The question put to the governor: may this contact be made at this instant?

The shape is that of the public API. A member that is absent (`UNSET`) is not known, and what is
not known is never harmless; `null` and `[]` mean that there is known to be none. Members marked
"own" go beyond the public core: they say what a collector knows, so where they are absent nothing
is known that forbids the contact, and nothing that permits it.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from services.outreach.compliance.question.contact import Contact, Past
from services.outreach.compliance.question.debt import Debt
from services.outreach.compliance.question.debtor import Debtor
from services.outreach.compliance.question.terms import LIST_MAX, Instant, Part, Party, Text


class Creditor(Part, frozen=True, kw_only=True):
    kind: Literal["bank", "lender", "utility", "hospital", "other"] | UnsetType = UNSET
    country: Text | UnsetType | None = UNSET  # own: its place, for limitation periods
    region: Text | UnsetType | None = UNSET  # own


class Question(Part, frozen=True, kw_only=True):
    at: Instant
    party: Party
    debtor: Debtor
    debts: Annotated[tuple[Debt, ...], Meta(min_length=1, max_length=LIST_MAX)]
    contact: Contact
    history: tuple[Past, ...] | UnsetType | None = UNSET
    creditor: Creditor | UnsetType | None = UNSET
    packs: tuple[Text, ...] | UnsetType | None = UNSET  # rule books by name; none: all law
