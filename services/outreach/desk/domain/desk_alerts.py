"""What whoever opens an account must know at once."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.outreach.debtors.domain.invoices import Invoice

_KNOWN = ("deceased", "vulnerable", "military", "bankruptcy_filed_at", "attorney",
          "cease_requested_at", "breathing_space_from")  # fmt: skip


def alerts_of(
    *,
    is_erased: bool,
    wishes: Mapping[str, Any],
    invoices: Iterable[Invoice],
    ledger: Mapping[str, Any] | None,
    is_any_number: bool,
    promises_broken: int,
) -> list[dict[str, Any]]:
    """Each with a word for programs and a sentence for people."""
    found: list[dict[str, Any]] = []

    def alert(word: str, text: str) -> None:
        found.append({"alert": word, "text": text})

    if is_erased:
        alert("erased", "The personal data were erased; nobody is contacted.")
    for name in _KNOWN:
        if name in wishes:
            alert(name, f"Known of the person: {name.replace('_', ' ')}.")
    if ledger is None:
        alert("ledger-unavailable", "The ledger does not answer: amounts are not shown.")
    else:
        for hold in ledger.get("holds") or ():
            kind = hold if isinstance(hold, str) else hold.get("kind", "hold")
            alert("hold", f"A hold stands: {kind}.")
    disputed = [i.invoice_id for i in invoices if i.disputed_minor > 0]
    if disputed:
        alert("disputed", f"Disputed: {', '.join(disputed[:10])}.")
    if promises_broken:
        alert("promises-broken", f"Promises broken lately: {promises_broken}.")
    if not is_any_number:
        alert("no-number", "No telephone number is known that works.")
    return found
