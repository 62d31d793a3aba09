"""The way of rule books into a process that computes: the texts go along where they are new."""

from collections.abc import Callable, Mapping
from typing import TypeVar, TypeVarTuple

from services.outreach.context import Context
from services.outreach.rulebooks.domain.texts import (
    TextsMissing,
    reference_to,
    texts_of,
    with_books,
)
from services.outreach.rulebooks.domain.versions import RuleBookVersions

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def calculate(
    context: Context,
    tenant: str,
    versions: RuleBookVersions,
    function: Callable[[RuleBookVersions, *Ts], T],
    *arguments: *Ts,
    texts: Mapping[str, str] | None = None,
) -> T:
    """What `function(versions, *arguments)` gives or raises, in the tenant's place among the
    calculations. `texts`: others that it may ask for by their digests."""
    reference, sent = reference_to(versions), dict[str, str]()
    while True:
        try:
            return await context.compute.run(
                tenant, with_books, sent, reference, function, arguments
            )
        except TextsMissing as missing:
            known = {**texts_of(versions), **(texts or {})}
            new = {digest: known[digest] for digest in missing.digests if digest not in sent}
            assert new, "what was sent is there"
            sent = {**sent, **new}
