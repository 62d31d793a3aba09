"""The policy `allocation`: in which order money is put on what is owed."""

from typing import Literal, cast

from msgspec import Struct

from services.ledger.domain.policies import reader
from services.ledger.domain.policies.reader import ReadFaults

NAME = "allocation"

Part = Literal["principal", "cost", "interest", "fee"]
Scope = Literal["invoice", "account"]
Targets = Literal["order", "principal"]

PARTS: tuple[Part, ...] = ("principal", "cost", "interest", "fee")


class AllocationPolicy(Struct, frozen=True, kw_only=True):
    """`scope` invoice: invoice by invoice, on each the parts in order; account: part by part, in
    each the invoices. `targets`: what money that is aimed at an invoice serves on it."""

    name: str = NAME
    version: str
    scope: Scope = "account"
    targets: Targets = "principal"
    order: tuple[Part, ...] = PARTS


SOURCE = """\
{name: allocation, version: default, scope: account, targets: principal,
 order: [principal, cost, interest, fee]}
"""
BUILT_IN = AllocationPolicy(version="default")


def read_allocation(text: str) -> AllocationPolicy:
    """Raises `Invalid` with all faults."""
    faults = ReadFaults()
    source, document = reader.read_object(text, faults)
    document.take("name", reader.one_of(NAME), needed=True)
    version = document.take("version", reader.version, needed=True)
    scope = document.take("scope", reader.one_of("invoice", "account"))
    targets = document.take("targets", reader.one_of("order", "principal"))
    order = document.take("order", reader.list_of(reader.one_of(*PARTS)))
    if order is not None and (missing := [part for part in PARTS if part not in order]):
        document.fault("order", f"must name every part: {', '.join(missing)} is missing")
    document.end()
    faults.check(source)
    return AllocationPolicy(
        version=version or "",
        scope=cast(Scope, scope or BUILT_IN.scope),
        targets=cast(Targets, targets or BUILT_IN.targets),
        order=cast(tuple[Part, ...], order or PARTS),
    )
