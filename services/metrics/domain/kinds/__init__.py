"""What is remembered: everything about one noun stands in its file.

A `Kind` says which events add which facts to an item, and which cells the facts of an item add. A
new kind of fact is a new file here and a test; `registry.KINDS` lists them, nothing else does.

profiles.py (the account itself) · invoices.py, disputes.py, placements.py · charges.py ·
payments.py · credit_notes.py · given_up.py · promises.py · contacts.py, parties.py · tasks.py ·
feedback.py · consents.py · costs.py
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells
from services.metrics.domain.views import View
from shared.events import Received

Apply = Callable[[AccountItems, Received, Any], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """What an event does to the items of its account, and of the others that it speaks of."""

    apply: Apply
    accounts: Callable[[Any], Iterable[str]] | None = None  # None: its key is the only one

    def accounts_of(self, event: Received, data: Any) -> Iterable[str]:
        """The accounts that the event changes."""
        return (event.key,) if self.accounts is None else self.accounts(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of item. `facts`: the classes of its facts, each with a tag of its own. `measures`:
    those that its cells add to, so that what a figure is made of is looked for where it can be."""

    name: str
    facts: tuple[type, ...]
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    cells: Callable[[Sequence[Any], View], Cells] | None = None
    measures: frozenset[str] = frozenset()
