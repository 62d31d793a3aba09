"""What tenants of one organisation share: limits on contacts with one person, whoever makes them.

They know of each other's attempts when they were made, and nothing else: addresses and debtors are
kept as marks, which nobody can read back."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from shared.errors import Invalid
from shared.field_errors import explain
from shared.mail_addresses import deliverable

REMEMBERED = timedelta(days=31)  # no cap looks back further
RULE = "organisation-cap"
_MARK_BYTES = 16


class OrganisationCaps(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Over all tenants of it: days between two attempts, and how many in a stretch of days."""

    gap_days: Annotated[int, Meta(ge=0, le=365)] = 1
    per_7_days: Annotated[int, Meta(ge=1, le=100)] = 3
    per_30_days: Annotated[int, Meta(ge=1, le=400)] | None = None  # none: as many as the others let


class OrganisationSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    caps: OrganisationCaps = OrganisationCaps()
    shared_debtor_ids: bool = False  # whether one `debtor_id` means one person in all tenants


@dataclass(frozen=True)
class TenantAttempt:
    """An attempt of a tenant on a person whom several of them may know."""

    contact_id: str
    tenant: str
    channel: str
    at: datetime  # business time


@dataclass(frozen=True)
class SharedLimits:
    """What a tenant's runs know of its organisation."""

    organisation: str
    settings: OrganisationSettings
    key: bytes = field(repr=False)  # of marks

    def marks(self, addresses: Iterable[str], debtor_id: str | None) -> frozenset[bytes]:
        """By what a person is known again in it."""
        shared = debtor_id if self.settings.shared_debtor_ids else None
        return marks_of(self.key, self.organisation, addresses, shared)


def read_settings(document: bytes) -> OrganisationSettings:
    """Raises `Invalid`, naming the field."""
    try:
        return msgspec.json.decode(document, type=OrganisationSettings)
    except msgspec.ValidationError as error:
        raise Invalid("The settings are not valid.", [explain(str(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The settings are not JSON: {error}") from error


def marks_of(
    key: bytes,
    organisation: str,
    addresses: Iterable[str],
    debtor_id: str | None,
) -> frozenset[bytes]:
    """By what a person is known again: each address (E.164 numbers, mailboxes in small letters, as
    their channels use them), and the debtor's id, where the organisation's tenants share these."""
    known = {f"to:{_normal(address)}" for address in addresses if address}
    if debtor_id is not None:
        known.add(f"debtor:{debtor_id}")
    return frozenset(_mark(key, organisation, each) for each in known)


def _normal(address: str) -> str:
    return (deliverable(address) or address).strip().lower()


def _mark(key: bytes, organisation: str, text: str) -> bytes:
    message = f"organisation\x00{organisation}\x00{text}".encode()
    return hmac.new(key, message, hashlib.sha256).digest()[:_MARK_BYTES]
