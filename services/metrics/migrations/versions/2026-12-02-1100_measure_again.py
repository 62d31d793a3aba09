"""The daily measures of money again, from the facts that are stored: debts in collections stand
under the segment that held before they entered, and what came back to them later counts.

Nothing is read from the log, which may have been pruned. `measure_again` does what the newest
definitions say; a later change of definitions runs it once more.
"""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from services.metrics.domain.cells import MoneyCells, merge
from services.metrics.domain.fold import AccountItems
from services.metrics.domain.items import Account, Item, unpack_account, unpack_item
from services.metrics.domain.restate import measure

revision = "metrics_0002"
down_revision = "metrics_0001"
branch_labels = None
depends_on = None

_ACCOUNTS_AT_ONCE = 500

_ACCOUNTS = sa.text(
    """
    select tenant_id, account_id, content from accounts
    where (tenant_id, account_id) > (:tenant_id, :account_id)
    order by tenant_id, account_id limit :limit
    """
)
_ITEMS = sa.text(
    """
    select i.tenant_id, i.account_id, i.kind, i.item_id, i.content from items i
    join unnest(cast(:tenants as text[]), cast(:accounts as text[]))
        as given (tenant_id, account_id) using (tenant_id, account_id)
    where i.kind <> 'contact'
    """
)
_ADD = sa.text(
    """
    insert into money_days as known (
        tenant_id, measure, currency, day, until_on, known, kind, country, segment,
        amount, count, weight
    ) values (
        :tenant_id, :measure, :currency, :day, :until_on, :known, :kind, :country, :segment,
        :amount, :count, :weight
    ) on conflict (
        tenant_id, measure, currency, day, until_on, known, kind, country, segment
    ) do update set
        amount = known.amount + excluded.amount,
        count = known.count + excluded.count,
        weight = known.weight + excluded.weight
    """
)


def upgrade() -> None:
    measure_again(op.get_bind())


def downgrade() -> None:
    """The facts are the same; older code measures them anew with `make rebuild-metrics`."""


def measure_again(connection: sa.Connection) -> None:
    """Forget the measures of money and make them from the items, some accounts at a time."""
    connection.execute(sa.text("delete from money_days"))
    after = {"tenant_id": "", "account_id": ""}
    while True:
        found = connection.execute(_ACCOUNTS, {**after, "limit": _ACCOUNTS_AT_ONCE}).all()
        if not found:
            return
        accounts = {
            (tenant, account): AccountItems(_account(content)) for tenant, account, content in found
        }
        keys = {"tenants": [key[0] for key in accounts], "accounts": [key[1] for key in accounts]}
        for tenant, account, kind, item_id, content in connection.execute(_ITEMS, keys):
            facts = unpack_item(content)
            item = Item(facts=facts.facts, puts_on=facts.puts_on)
            accounts[tenant, account].by_key[kind, item_id] = item
        _add(connection, accounts)
        tenant, account, _ = found[-1]
        after = {"tenant_id": tenant, "account_id": account}


def _account(content: bytes | None) -> Account:
    if content is None:
        return Account([], [])
    known = unpack_account(content)
    return Account(known.profiles, known.segments)


def _add(connection: sa.Connection, accounts: dict[tuple[str, str], AccountItems]) -> None:
    money: dict[tuple[str, int], MoneyCells] = defaultdict(dict)
    for (tenant, _), items in accounts.items():
        for slot, cells in measure(items).money.items():
            merge(money[tenant, slot], cells)
    rows = [
        {
            "tenant_id": tenant, "measure": cell.measure, "currency": cell.currency,
            "day": cell.day, "until_on": cell.until, "known": slot, "kind": cell.kind,
            "country": cell.country, "segment": cell.segment,
            "amount": amount, "count": count, "weight": weight,
        }
        for (tenant, slot), cells in money.items()
        for cell, (amount, count, weight) in cells.items()
        if (amount, count, weight) != (0, 0, 0)
    ]  # fmt: skip
    if rows:
        connection.execute(_ADD, rows)
