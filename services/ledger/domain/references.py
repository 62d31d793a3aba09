"""The creditor reference that finds an account, or an invoice of it, in a bank statement.

`RF` and check digits (ISO 11649), then the first 60 bits of a hash as 12 digits of Crockford's
base 32. The same for ever, and it says nothing of whom it names.
"""

import hashlib

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_LENGTH = 12
_BITS = 5


def reference_of(tenant_id: str, account_id: str, invoice_id: str | None = None) -> str:
    """`RF41M6C6K2N7QSCM`, without the spaces in which people read it."""
    named = [tenant_id, account_id, *([] if invoice_id is None else [invoice_id])]
    digest = hashlib.sha256("\0".join(named).encode()).digest()
    bits = int.from_bytes(digest[:8], "big") >> 64 - _LENGTH * _BITS
    body = "".join(_DIGITS[bits >> _BITS * place & 31] for place in reversed(range(_LENGTH)))
    return f"RF{_check_digits(body)}{body}"


def spaced(reference: str) -> str:
    """In groups of four, as it is printed."""
    return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))


def _check_digits(body: str) -> str:
    number = int("".join(str(int(sign, 36)) for sign in f"{body}RF00"))
    return f"{98 - number % 97:02d}"
