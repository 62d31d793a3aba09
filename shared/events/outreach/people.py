"""What people may do: their certificates. Tenant-wide: no key."""

from datetime import date

from msgspec import Struct


class CertificateChanged(Struct, frozen=True, kw_only=True):
    """Given, given anew, or suspended; readers keep the last announced by collector and name."""

    collector: str
    name: str
    valid_from: date
    valid_until: date | None = None  # its last day; None: without end
    suspended: bool = False
