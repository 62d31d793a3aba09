"""The contact record of an account: every plan, suppression with its verdict, intent, result and
reply, each chained to the one before by its hash. Nothing personal is in it, addresses only as
marks, so that it stays whole when people are erased.

An entry is hashed as it stands, without `hash`, in the form of RFC 8785; `services.outreach.verify`
checks an exported record with nothing but the file.
"""

import hmac
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from services.outreach.activity.domain.contacts import DebtorContact
from shared.events import Event

FIRST_PREV = "0" * 64

# Which announcements stand in it, and as what.
KINDS: Mapping[str, str] = {
    "contact-planned": "planned",
    "contact-suppressed": "suppressed",
    "contact-cancelled": "cancelled",
    "contact-sent": "sent",
    "contact-uncertain": "uncertain",
    "contact-failed": "failed",
    "contact-delivered": "delivered",
    "reply-received": "reply",
    "approval-requested": "approval-requested",
    "approval-decided": "approval-decided",
    "right-party-contacted": "right-party",
    "wrong-party-contacted": "wrong-party",
    "consent-granted": "consent-granted",
    "consent-revoked": "consent-revoked",
}
_EMPTY: tuple[Any, ...] = (None, (), [], {})


class NewEntry(Struct, frozen=True):
    """What is to stand in the record of an account."""

    tenant: str
    account_id: str
    at: datetime
    kind: str
    contact_id: str | None
    data: Mapping[str, Any]  # JSON


class ChainedEntry(Struct, frozen=True):
    n: int
    hash: str
    entry: bytes  # JSON as it was hashed


def entries_of(event: Event, accounts: tuple[str, ...]) -> list[NewEntry]:
    """What an announcement puts into the records of the accounts that it covers."""
    kind = KINDS.get(event.type)
    if kind is None or not isinstance(event.data, Struct):
        return []
    data: dict[str, Any] = msgspec.to_builtins(event.data)
    contact_id = data.pop("contact_id", None)
    data.pop("account_id", None)
    covers = {cover["account_id"]: cover for cover in data.pop("covers", ())}
    found = {name: value for name, value in data.items() if value not in _EMPTY}
    return [
        NewEntry(
            event.tenant,
            account,
            event.time,
            kind,
            contact_id,
            {**found, **_covered(covers.get(account))},
        )
        for account in accounts
    ]


def intent_entries(
    tenant: str, contact: DebtorContact, at: datetime, mark_secret: bytes
) -> list[NewEntry]:
    """What is about to be handed over: over what, to whom as a mark, in which words, by which
    decision."""
    decision = contact.decision
    data: dict[str, Any] = {
        "channel": contact.channel,
        "strategy": contact.strategy,
        "strategy_version": contact.strategy_version,
        "step": contact.step,
        "tone": contact.tone,
        "template": contact.template,
        "template_version": contact.template_version,
        "language": contact.language,
        "disclosures": list(contact.disclosures),
        "verdict": None if decision is None else decision.verdict,
        "rulebook_version": contact.rulebook_version,
        "approved_rules": list(contact.approved_rules),
        "address": None if contact.address is None else address_mark(mark_secret, contact.address),
    }
    found = {name: value for name, value in data.items() if value not in _EMPTY}
    return [
        NewEntry(
            tenant,
            cover.account_id,
            at,
            "intent",
            contact.contact_id,
            {
                **found,
                "invoice_ids": list(cover.invoice_ids),
                "checked_sequence": cover.checked_sequence,
            },
        )
        for cover in contact.covers
    ]


def _covered(cover: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of which invoices, as checked: of the account whose record it is, and of no other."""
    if cover is None:
        return {}
    return {
        "invoice_ids": list(cover["invoice_ids"]),
        "checked_sequence": cover["checked_sequence"],
    }


def chained(entry: NewEntry, n: int, prev: str) -> ChainedEntry:
    """The entry in its place."""
    text = canonical(
        {
            "n": n,
            "prev": prev,
            "at": instant_text(entry.at),
            "kind": entry.kind,
            "contact_id": entry.contact_id,
            "data": msgspec.to_builtins(entry.data),
        }
    )
    return ChainedEntry(n, sha256(prev.encode() + b"\n" + text).hexdigest(), text)


def shown(entry: bytes, hash_: str) -> bytes:
    """A line of the export: the entry with its hash."""
    return entry[:-1] + b',"hash":"' + hash_.encode() + b'"}'


def address_mark(secret: bytes, address: str) -> str:
    """An address as it stands in the record: the same one always alike, and nobody's."""
    plain = address.strip().casefold().encode()
    return hmac.digest(secret, b"contact record\n" + plain, "sha256").hex()


def instant_text(at: datetime) -> str:
    text = at.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"


def canonical(value: Any) -> bytes:
    """JSON in the form of RFC 8785."""
    return "".join(_written(value)).encode("utf-8", "surrogatepass")


def _written(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        parts = [[_text(name), ":", *_written(value[name]), ","] for name in names]
        inside = [piece for part in parts for piece in part][:-1]
        return ["{", *inside, "}"]
    if isinstance(value, list | tuple):
        inside = [piece for item in value for piece in (*_written(item), ",")][:-1]
        return ["[", *inside, "]"]
    if isinstance(value, str):
        return [_text(value)]
    if isinstance(value, float):
        return [_number(value)]
    return [json.dumps(value)]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """As ECMAScript writes it."""
    assert math.isfinite(value), "JSON has no other numbers"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    power = int(exponent)
    if power >= -7 + 1 and power < 0:  # ECMAScript has no exponent down to 1e-6
        return f"{value:.{len(digits.replace('-', '').replace('.', '')) - 1 - power}f}"
    return f"{digits}e{'+' if power > 0 else ''}{power}"
