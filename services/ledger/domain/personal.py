"""What of a fact is personal, and goes when its account is erased (docs/erasure.md).

By the names of members, the same in every kind of fact; a test sees to it that each text of a fact
is named here or there. What stands in the place of a personal value is what a fact has that never
had it: so the same fact sent again, without its personal values, is the same fact.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from services.ledger.domain.facts import Fact
from shared.countries import country_code
from shared.events import billing

# The member of a fact, or of what is in it → what a certificate calls it.
PERSONAL: Mapping[str, str] = {
    "name": "name",
    "email": "email",
    "phones": "phones",
    "addresses": "addresses",
    "language": "language",
    "tags": "tags",
    "attributes": "attributes",
    "reason": "reasons",
    "note": "notes",
    "ref": "evidence",
    "evidence_ref": "evidence",
    "reference": "references",
    "description": "descriptions",
}
# Texts that name nobody: ids, codes, and what the books must show.
KEPT = frozenset({
    "account_id", "approval_id", "channel", "charge_id", "code", "commission_percent",
    "contact_id", "counter_id", "country", "credit_note_id", "currency", "debtor_id",
    "direct_commission_percent", "dispute_id", "erasure_id", "certificate_id", "hold_id", "id",
    "invoice_id", "kind", "mandate_id", "matched", "method", "number", "payment_id", "payment_url",
    "placement_id", "plan_id", "product", "promise_id", "provider", "reason_code", "replaces",
    "request_hash", "reversal_id", "segment", "settlement_id", "timezone", "to", "version",
    "waiver_id", "write_off_id",
})  # fmt: skip

S = TypeVar("S", bound=Struct)


def impersonal(data: S) -> S:
    """The data of a fact without what is personal in it; the same object where nothing is."""
    return _without(data, Counter())


def impersonal_fact(fact: Fact) -> Fact:
    data = impersonal(fact.data)
    return fact if data is fact.data else structs.replace(fact, data=data)


def impersonal_facts(facts: Iterable[Fact]) -> list[Fact]:
    return [impersonal_fact(fact) for fact in facts]


def count_personal(data: Struct, found: Counter[str]) -> Struct:
    """`impersonal`, counting what goes."""
    return _without(data, found)


def texts_of(data: Struct) -> set[str]:
    """By which the person can be found elsewhere: name, addresses of mail, numbers of phones."""
    if not isinstance(data, billing.AccountRegistered):
        return set()
    found = {data.name, data.email or "", *(phone.number for phone in data.phones)}
    return {text.strip() for text in found if len(text.strip()) >= _TELLING}


_TELLING = 4  # characters: what is shorter stands in many a text by chance


def _without(data: S, found: Counter[str]) -> S:
    changes: dict[str, Any] = {}
    for field in structs.fields(data):
        value = getattr(data, field.name)
        if not value:
            continue
        if field.name == "addresses":
            kept, gone = _countries(value)
        elif field.name in PERSONAL:
            kept, gone = _blank(field), len(value) if isinstance(value, tuple) else 1
        elif isinstance(value, tuple) and isinstance(value[0], Struct):
            kept, gone = tuple([_without(each, found) for each in value]), 0
        else:
            continue
        if kept != value:
            changes[field.name] = kept
            if gone:
                found[PERSONAL[field.name]] += gone
    return structs.replace(data, **changes) if changes else data


def _blank(field: structs.FieldInfo) -> Any:
    """What a member is where nobody names it."""
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return ""


def _countries(addresses: tuple[billing.Address, ...]) -> tuple[tuple[billing.Address, ...], int]:
    """Of addresses, the country that counts: by it an account is in a law and a policy."""
    codes = (country_code(place.country) for place in addresses if place.country)
    code = next((code for code in codes if code is not None), None)
    kept = (billing.Address(country=code),) if code is not None else ()
    return kept, len(addresses)
