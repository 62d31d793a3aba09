"""Whether a visitor is who the link was sent to: by what they know, compared as replies are.

A consumer gives the last word of the name and the postcode, or the last four digits of a phone
where no postcode is known; a business its postcode, or the number of an open invoice. Where neither
is known, a code is sent to the address that is. Which answer was wrong is never told.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

Way = Literal["name-postcode", "name-phone", "postcode", "invoice", "code"]
ANSWER_MAX = 200  # characters
PHONE_DIGITS = 4


class VisitorAnswers(Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor says of himself."""

    name: str | None = None
    postcode: str | None = None
    phone4: str | None = None
    invoice: str | None = None


@dataclass(frozen=True)
class KnownAccount:
    """What is known of one account of the debtor."""

    is_business: bool
    name: str | None = field(default=None, repr=False)
    postcodes: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    invoices: tuple[str, ...] = ()  # numbers and ids of those that are open


def way_of(account: KnownAccount) -> Way:
    """How the person of an account is known."""
    has_postcode = any(_plain(each) for each in account.postcodes)
    if account.is_business:
        if has_postcode:
            return "postcode"
        return "invoice" if any(_plain(each) for each in account.invoices) else "code"
    if not _last_word(account.name):
        return "code"
    if has_postcode:
        return "name-postcode"
    return "name-phone" if any(map(_last_digits, account.phones)) else "code"


def is_known(accounts: Sequence[KnownAccount], answers: VisitorAnswers) -> bool:
    """Whether the answers fit any account of the debtor, each by its own way."""
    return any(_fits(account, answers) for account in accounts)


def needs_code(accounts: Sequence[KnownAccount]) -> bool:
    """Whether nothing that could be asked is known of any account."""
    return all(way_of(account) == "code" for account in accounts)


def _fits(account: KnownAccount, answers: VisitorAnswers) -> bool:
    match way_of(account):
        case "name-postcode":
            return _is_name(account, answers) and _is_one_of(answers.postcode, account.postcodes)
        case "name-phone":
            given = _digits(answers.phone4)
            known = [_last_digits(phone) for phone in account.phones]
            return _is_name(account, answers) and len(given) == PHONE_DIGITS and given in known
        case "postcode":
            return _is_one_of(answers.postcode, account.postcodes)
        case "invoice":
            return _is_one_of(answers.invoice, account.invoices)
        case "code":
            return False


def _is_name(account: KnownAccount, answers: VisitorAnswers) -> bool:
    given = _last_word(answers.name)
    return bool(given) and given == _last_word(account.name)


def _is_one_of(given: str | None, known: Iterable[str]) -> bool:
    plain = _plain(given)
    return bool(plain) and any(plain == _plain(each) for each in known)


def _last_word(name: str | None) -> str:
    words = _words(name)
    return words[-1] if words else ""


def _plain(text: str | None) -> str:
    """Letters and digits alone: "SW1A 1AA" is "sw1a1aa"."""
    return "".join(_words(text))


def _words(text: str | None) -> list[str]:
    """After NFKD without marks, case folded; whatever is no letter and no digit separates."""
    folded = unicodedata.normalize("NFKD", (text or "")[:ANSWER_MAX]).casefold()
    letters = (c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in letters).split()


def _digits(text: str | None) -> str:
    return "".join(c for c in (text or "")[:ANSWER_MAX] if c in "0123456789")


def _last_digits(phone: str) -> str:
    digits = _digits(phone)
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else ""
