"""Which arrangement or placement has taken an invoice, so that nothing else is agreed over it.

An object says by its `takes` which invoices it has.
"""

from collections.abc import Mapping

from services.ledger.domain.state import AccountState

TAKERS = ("plan", "settlement", "placement")  # nouns; at most one of them has an invoice


def taken(state: AccountState) -> Mapping[str, str]:
    """Invoice → what has taken it: `plan L1`, `settlement T1`, `placement G1`."""
    found: dict[str, str] = {}
    for noun in TAKERS:
        for object_id, value in state.objects.of(noun).items():
            for invoice_id in value.takes:
                found[invoice_id] = f"{noun} {object_id}"
    return found


def arranged(state: AccountState) -> Mapping[str, str]:
    """The same of plans and settlements alone."""
    return {
        invoice_id: name
        for invoice_id, name in taken(state).items()
        if not name.startswith("placement ")
    }
