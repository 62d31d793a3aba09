"""What waits keeps its id from nobody but its own account, and is listed."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0003"
down_revision = "ledger_0002"
branch_labels = None
depends_on = None

_OWN = (
    "('invoice-amended', 'invoice-voided', 'dispute-opened', 'dispute-resolved',"
    " 'payment-reversed')"
)
_OLD = "uq_facts_tenant_id_kind_fact_id"
_NEW = "uq_facts_tenant_id_kind_fact_id_owner"
_WHOLE = """
insert into waiting_facts (tenant_id, account_id, kind, fact_id, needs, needs_id)
select f.tenant_id, f.account_id, f.kind, f.fact_id, f.needs, f.needs_id
from (
  select tenant_id, account_id, kind, fact_id,
         case kind when 'payment-reversed' then 'payment' when 'dispute-resolved' then 'dispute'
           else 'invoice' end as needs,
         case kind when 'payment-reversed' then convert_from(data, 'UTF8')::jsonb ->> 'payment_id'
           when 'dispute-resolved' then convert_from(data, 'UTF8')::jsonb ->> 'dispute_id'
           else convert_from(data, 'UTF8')::jsonb ->> 'invoice_id' end as needs_id
  from facts where owner <> ''
) as f
join accounts a using (tenant_id, account_id)
where (a.is_registered or f.kind = 'payment-reversed')
  and not exists (
    select from facts p
    where p.tenant_id = f.tenant_id and p.account_id = f.account_id and p.fact_id = f.needs_id
      and p.kind = case f.needs when 'payment' then 'payment-received'
        when 'dispute' then 'dispute-opened' else 'invoice-issued' end)
"""
_AIMED = """
insert into waiting_facts (tenant_id, account_id, kind, fact_id, needs, needs_id)
select distinct f.tenant_id, f.account_id, f.kind, f.fact_id, 'invoice', f.needs_id
from (
  select tenant_id, account_id, kind, fact_id, t ->> 'invoice_id' as needs_id
  from facts, jsonb_array_elements(
    coalesce(convert_from(data, 'UTF8')::jsonb -> 'allocations', '[]')) as t
  where kind = 'payment-received'
  union all
  select tenant_id, account_id, kind, fact_id,
         convert_from(data, 'UTF8')::jsonb ->> 'invoice_id'
  from facts where kind = 'credit-note-issued'
) as f
join accounts a using (tenant_id, account_id)
where a.is_registered and f.needs_id is not null and not exists (
  select from facts p
  where p.tenant_id = f.tenant_id and p.account_id = f.account_id
    and p.kind = 'invoice-issued' and p.fact_id = f.needs_id)
"""


def upgrade() -> None:
    op.add_column("facts", sa.Column("owner", sa.Text(), server_default="", nullable=False))
    op.execute(f"update facts set owner = account_id where kind in {_OWN}")
    op.alter_column("facts", "owner", server_default=None)
    op.drop_constraint(_OLD, "facts", type_="unique")
    op.create_unique_constraint(_NEW, "facts", ["tenant_id", "kind", "fact_id", "owner"])
    op.create_table(
        "waiting_facts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("needs_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "account_id",
            "kind",
            "fact_id",
            "needs_id",
            "needs",
            name=op.f("pk_waiting_facts"),
        ),
    )
    op.execute(_WHOLE)
    op.execute(_AIMED)


def downgrade() -> None:
    op.drop_table("waiting_facts")
    op.drop_constraint(_NEW, "facts", type_="unique")
    op.create_unique_constraint(_OLD, "facts", ["tenant_id", "kind", "fact_id"])
    op.drop_column("facts", "owner")
