"""Keys, and rows as the arrays that `unnest` takes."""

from collections.abc import Sequence

AccountKey = tuple[str, str]  # tenant, account
InvoiceKey = tuple[str, str, str]  # tenant, account, invoice
SourceKey = tuple[str, str, str]  # tenant, account, source of money


def columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """Rows as the arrays that `unnest` takes."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width
