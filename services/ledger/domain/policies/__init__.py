"""What a tenant decides: one document for each name, version by version (docs/policies.md).

promises.py, plans.py, settlements.py, disputes.py, recovery.py, retention.py: what each document
says, with its defaults and the built-in version · conditions.py for whom a rule holds · amounts.py
money by currency · members.py what they have in common, and which rule is taken · clashes.py ·
reading.py from text to values, with every fault · schema.py for editors

charges.py, allocation.py: what is charged for paying late, and what money serves first ·
charge_rules.py reads the one and its packs, with reader.py · debts.py for which debts a rule
holds · charge_schemas.py · kind.py: all of them as versioned documents
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from services.ledger.domain.policies import (
    allocation,
    charges,
    disputes,
    plans,
    promises,
    recovery,
    retention,
    settlements,
)
from services.ledger.domain.policies.allocation import read_allocation
from services.ledger.domain.policies.charge_rules import read_charges
from services.ledger.domain.policies.charge_schemas import allocation_schema, charges_schema
from services.ledger.domain.policies.disputes import DisputePolicy
from services.ledger.domain.policies.plans import PlanPolicy
from services.ledger.domain.policies.promises import PromisePolicy
from services.ledger.domain.policies.reading import invalid, read_as, read_text
from services.ledger.domain.policies.recovery import RecoveryPolicy
from services.ledger.domain.policies.retention import RetentionPolicy
from services.ledger.domain.policies.schema import schema_of
from services.ledger.domain.policies.settlements import SettlementPolicy
from shared.errors import FieldError

BUILT_IN = "default"  # the version that holds until another is active

Policy = Any  # of one of the names


class PolicyName(Struct, frozen=True):
    """One of the documents."""

    source: str  # of the built-in version
    read: Callable[[str], Policy]  # raises `Invalid` with every fault
    schema: Callable[[], Mapping[str, Any]]


def _own(cls: type[Struct], source: str) -> PolicyName:
    return PolicyName(source, lambda text: read_as(cls, read_text(text)), lambda: schema_of(cls))


NAMES: Mapping[str, PolicyName] = {
    "promises": _own(PromisePolicy, promises.SOURCE),
    "plans": _own(PlanPolicy, plans.SOURCE),
    "settlements": _own(SettlementPolicy, settlements.SOURCE),
    "disputes": _own(DisputePolicy, disputes.SOURCE),
    "recovery": _own(RecoveryPolicy, recovery.SOURCE),
    "retention": _own(RetentionPolicy, retention.SOURCE),
    "charges": PolicyName(charges.SOURCE, read_charges, charges_schema),
    "allocation": PolicyName(allocation.SOURCE, read_allocation, allocation_schema),
}


def read_policy(text: str) -> Policy:
    """A document of whatever name it gives. Raises `Invalid` with every fault."""
    document = read_text(text)
    name = document.data.get("name")
    if not isinstance(name, str) or name not in NAMES:
        words = "is missing" if name is None else f"must be one of {', '.join(NAMES)}"
        raise invalid(document, [FieldError("/name", words)])
    return NAMES[name].read(text)
