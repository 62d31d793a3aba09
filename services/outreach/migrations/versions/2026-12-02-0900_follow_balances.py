"""Balances and disputed parts follow every event: where money lies, and which disputes are open.

Both are made of the events that the story holds since the beginning.
"""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0004"
down_revision = "outreach_0003"
branch_labels = None
depends_on = None

_MONEY = """
with events as (
  select tenant_id, account_id, ord, type, convert_from(data, 'UTF8')::jsonb as data
  from story
  where topic = 'ledger.events'
    and type in ('payment-received', 'payment-reversed', 'credit-note-issued',
                 'allocation-changed', 'invoice-voided')
),
pieces as (
  select tenant_id, account_id, ord,
         type = 'allocation-changed' and coalesce((data ->> 'part')::int, 1) > 1 as adds,
         coalesce(a ->> 'source_kind', 'payment') || ':' || (a ->> 'source_id') as source,
         a ->> 'invoice_id' as invoice_id, (a ->> 'amount_minor')::bigint as amount_minor,
         a ->> 'released_at' is null as stands
  from events, jsonb_array_elements(coalesce(data -> 'allocations', '[]')) as a
),
heads as (
  select tenant_id, account_id, source, max(ord) as ord
  from (
    select tenant_id, account_id, source, ord from pieces where not adds
    union all
    select tenant_id, account_id, 'credit_note:' || (data ->> 'replaces'), ord
    from events where data ->> 'replaces' is not null
  ) as named
  group by tenant_id, account_id, source
)
insert into money (tenant_id, account_id, source, invoice_id, amount_minor)
select p.tenant_id, p.account_id, p.source, p.invoice_id, sum(p.amount_minor)
from pieces p join heads h using (tenant_id, account_id, source)
where p.ord >= h.ord and p.stands and p.amount_minor > 0
group by p.tenant_id, p.account_id, p.source, p.invoice_id
"""
_BALANCES = """
update invoices i set balance_minor = e.amount_minor - coalesce(m.placed_minor, 0)
from (
  select distinct on (tenant_id, account_id, invoice_id) tenant_id, account_id, invoice_id,
         amount_minor
  from (
    select tenant_id, account_id, ord, convert_from(data, 'UTF8')::jsonb ->> 'invoice_id'
             as invoice_id,
           (convert_from(data, 'UTF8')::jsonb ->> 'amount_minor')::bigint as amount_minor
    from story where topic = 'ledger.events' and type = 'invoice-issued'
  ) as issued
  order by tenant_id, account_id, invoice_id, ord
) as e
left join (
  select tenant_id, account_id, invoice_id, sum(amount_minor) as placed_minor
  from money group by tenant_id, account_id, invoice_id
) as m using (tenant_id, account_id, invoice_id)
where i.tenant_id = e.tenant_id and i.account_id = e.account_id and i.invoice_id = e.invoice_id
  and i.state <> 'void'
"""
_DISPUTES = """
with events as (
  select tenant_id, account_id, type, ord, convert_from(data, 'UTF8')::jsonb as data
  from story
  where topic = 'ledger.events' and type in ('dispute-opened', 'dispute-resolved')
),
open_ones as (
  select o.tenant_id, o.account_id, o.data ->> 'invoice_id' as invoice_id,
         jsonb_object_agg(o.data ->> 'dispute_id', o.data -> 'amount_minor') as disputes,
         bool_or(coalesce(o.data -> 'amount_minor', 'null') = 'null') as is_whole,
         sum((o.data ->> 'amount_minor')::bigint) as held_minor
  from events o
  where o.type = 'dispute-opened' and not exists (
    select from events r
    where r.type = 'dispute-resolved' and r.tenant_id = o.tenant_id
      and r.account_id = o.account_id and r.data ->> 'dispute_id' = o.data ->> 'dispute_id'
      and r.data ->> 'invoice_id' = o.data ->> 'invoice_id')
  group by o.tenant_id, o.account_id, o.data ->> 'invoice_id'
)
update invoices i
set disputes = o.disputes::text,
    disputed_minor = case when o.is_whole then greatest(i.balance_minor, 0)
                          else least(greatest(i.balance_minor, 0), o.held_minor) end
from open_ones o
where i.tenant_id = o.tenant_id and i.account_id = o.account_id and i.invoice_id = o.invoice_id
"""


def upgrade() -> None:
    op.create_table(
        "money",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "source", "invoice_id", name=op.f("pk_money")
        ),
    )
    op.create_index(
        op.f("ix_money_tenant_id_account_id_invoice_id"),
        "money",
        ["tenant_id", "account_id", "invoice_id"],
    )
    op.add_column("invoices", sa.Column("disputes", sa.Text(), server_default="{}", nullable=False))
    op.execute("update invoices set disputed_minor = 0")
    for statement in (_MONEY, _BALANCES, _DISPUTES):
        op.execute(statement)
    op.drop_column("invoices", "is_disputed_whole")
    op.execute("update debtors set is_dirty = true")


def downgrade() -> None:
    op.add_column(
        "invoices",
        sa.Column("is_disputed_whole", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(
        "update invoices set is_disputed_whole = true where disputes::jsonb @? '$.* ? (@ == null)'"
    )
    op.alter_column("invoices", "is_disputed_whole", server_default=None)
    op.drop_column("invoices", "disputes")
    op.drop_table("money")
