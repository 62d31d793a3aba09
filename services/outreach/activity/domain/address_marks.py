"""A mark of an address: the same however it is spelt, and not the address itself."""

from hashlib import sha256

from shared.mail_addresses import deliverable


def email_mark(tenant: str, address: str) -> bytes:
    """Mailboxes that differ in capitals alone are one person's."""
    plain = deliverable(address) or address.strip()
    return address_mark(tenant, "email", plain.casefold())


def mark_of(tenant: str, channel: str, address: str) -> bytes:
    """Of an address as its channel writes it."""
    if channel == "email":
        return email_mark(tenant, address)
    return address_mark(tenant, channel, address)


def address_mark(tenant: str, channel: str, address: str) -> bytes:
    return sha256(f"{tenant}/{channel}/{address}".encode()).digest()
