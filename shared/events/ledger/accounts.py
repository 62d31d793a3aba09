"""Accounts and tenants: records, personal data, settings, erasure."""

from datetime import date
from typing import Literal

from msgspec import Struct

from shared.events.billing import Address, Phone


class _Account(Struct, frozen=True, kw_only=True, gc=False):
    account_id: str
    kind: Literal["consumer", "business"]
    country: str | None = None
    timezone: str
    currency: str | None = None
    debtor_id: str | None = None
    tags: tuple[str, ...] = ()
    payment_terms_days: int | None = None
    credit_limit_minor: int | None = None
    customer_since: date | None = None


class AccountRegistered(_Account, frozen=True, kw_only=True):
    pass


class AccountUpdated(_Account, frozen=True, kw_only=True):
    pass


class AccountErased(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The certificate says what was erased and what is kept."""

    account_id: str
    certificate_id: str | None = None
    because: Literal["request", "retention"] | None = None


class Contact(Struct, frozen=True, kw_only=True, gc=False):
    """Personal data of one account: the value on `ledger.contacts`, type `contact-details`."""

    account_id: str
    name: str
    kind: Literal["consumer", "business"] = "consumer"
    email: str | None = None
    phones: tuple[Phone, ...] = ()
    addresses: tuple[Address, ...] = ()
    timezone: str
    language: str | None = None


class Tenant(Struct, frozen=True, kw_only=True, gc=False):
    """The creditor's settings: the value on `ledger.tenants`, type `tenant-settings`."""

    tenant_id: str
    timezone: str = "UTC"
    calendar: str | None = None
    party: Literal["first", "third"] = "first"
    reporting_currency: str | None = None
    contact_from: date | None = None
    organisation: str | None = None  # tenants of one may share limits on contacts
