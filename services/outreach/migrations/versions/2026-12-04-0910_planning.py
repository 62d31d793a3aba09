"""Steps by subject and ladder day, pauses, what may be answered, what accounts owe and have paid.

Steps that were made keep their place: their ladder days are those of the strategies that came with
the platform; of others, how late it was when they were made. Figures are carried over from the
story; what is answered, and payments, count from then on.

The way back keeps the steps of invoices and what stops them. Contacts that an older version does
not know, held ones and hand-overs, end; what is answered, pauses and payments are gone.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "outreach_0012"
down_revision = "outreach_0011"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_UNDER_WAY = "state in ('planned', 'claimed', 'intent')"
_UNDER_WAY_OR_HELD = "state in ('planned', 'held', 'claimed', 'intent')"

# By kind of account and name of the step, what the shipped strategies counted from the due day.
_OFFSETS = """
  ('consumer', 'upcoming', -7), ('consumer', 'reminder', 1), ('consumer', 'second-reminder', 8),
  ('consumer', 'firm-notice', 18), ('consumer', 'final-notice', 30), ('consumer', 'hand-over', 45),
  ('business', 'upcoming', -7), ('business', 'reminder', 1), ('business', 'firm-notice', 10),
  ('business', 'final-notice', 21), ('business', 'hand-over', 30)
"""

_CARRY_STEPS = f"""
insert into steps (tenant_id, account_id, subject, subject_id, anchor_on, reaction, n, step,
                   strategy, version, made_on, state, contact_id)
select distinct on (s.tenant_id, s.account_id, s.invoice_id, s.due_on, k.n)
       s.tenant_id, s.account_id, 'invoice', s.invoice_id, s.due_on, '', k.n, s.step,
       a.kind, '', k.made_on,
       case when c.state in ('sent', 'uncertain', 'failed', 'suppressed', 'cancelled',
                             'handed-over', 'intent') then c.state else 'sent' end,
       s.contact_id
from old_steps s
join accounts a using (tenant_id, account_id)
left join contacts c using (tenant_id, contact_id)
left join (values {_OFFSETS}) as o (kind, step, n) on o.kind = a.kind and o.step = s.step
cross join lateral (
  select coalesce((coalesce(c.attempted_at, c.planned_at) at time zone 'UTC')::date,
                  s.due_on) as made_on) m
cross join lateral (
  select m.made_on, coalesce(o.n, greatest(-7, least(3650, m.made_on - s.due_on))) as n) k
order by s.tenant_id, s.account_id, s.invoice_id, s.due_on, k.n, s.step
"""

# What an account owes: the last figures of each currency that the ledger has said.
_CARRY_AMOUNTS = """
update accounts a set amounts = k.amounts, overdue_since_on = k.overdue_since_on
from (
  select tenant_id, account_id,
         jsonb_object_agg(currency, jsonb_build_object(
           'balance_minor', balance, 'overdue_minor', overdue,
           'collectable_minor', collectable))::text as amounts,
         min(day) filter (where overdue > 0) as overdue_since_on
  from (
    select distinct on (s.tenant_id, s.account_id, m ->> 'currency')
           s.tenant_id, s.account_id, m ->> 'currency' as currency,
           coalesce((m ->> 'balance_minor')::bigint, 0) as balance,
           coalesce((m ->> 'overdue_minor')::bigint, 0) as overdue,
           coalesce((m ->> 'collectable_minor')::bigint, 0) as collectable,
           coalesce(s.day, (s.at at time zone 'UTC')::date) as day
    from story s
    cross join lateral (select convert_from(s.data, 'UTF8')::jsonb as data) d
    cross join lateral jsonb_array_elements(d.data -> 'amounts') m
    where s.topic = 'ledger.events' and jsonb_typeof(d.data -> 'amounts') = 'array'
    order by s.tenant_id, s.account_id, m ->> 'currency', s.ord desc) last
  group by tenant_id, account_id) k
where a.tenant_id = k.tenant_id and a.account_id = k.account_id
"""


def upgrade() -> None:
    _steps()
    op.add_column(
        "contacts", sa.Column("lane", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    _under_way(["tenant_id", "debtor_key", "lane"], _UNDER_WAY_OR_HELD)
    op.add_column(
        "invoices", sa.Column("resumes", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.execute(
        "update invoices set resumes = jsonb_build_array(jsonb_build_array(resumed_on,"
        " 'reopened'))::text where resumed_on is not null"
    )
    op.drop_column("invoices", "resumed_on")
    op.add_column("invoices", sa.Column("payer", sa.Text()))
    op.alter_column("stops", "resume_on", new_column_name="ended_on")
    op.execute(
        "update stops set ended_on = ended_on - 1"
        " where kind in ('promise', 'plan', 'settlement') and ended_on is not null"
    )
    op.add_column("stops", sa.Column("outcome", sa.Text()))
    op.add_column(
        "stops",
        sa.Column("is_silence", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.add_column("tenants", sa.Column("calendar", sa.Text()))
    op.add_column(
        "accounts", sa.Column("amounts", sa.Text(), nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column("accounts", sa.Column("overdue_since_on", sa.Date()))
    op.execute(_CARRY_AMOUNTS)
    _create_pauses()
    _create_answered()


def _under_way(columns: list[str], where: str) -> None:
    op.drop_index("uq_contacts_under_way", "contacts")
    op.create_index(
        "uq_contacts_under_way",
        "contacts",
        columns,
        unique=True,
        postgresql_where=sa.text(where),
    )
    op.drop_index("ix_contacts_due", "contacts")
    op.create_index(
        "ix_contacts_due", "contacts", ["tenant_id", "due_at"], postgresql_where=sa.text(where)
    )


def _steps() -> None:
    op.rename_table("steps", "old_steps")
    op.execute("alter index pk_steps rename to pk_old_steps")
    op.create_table(
        "steps",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("reaction", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tried", ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "subject", "subject_id", "anchor_on", "reaction", "n",
            name="pk_steps",
        ),
    )  # fmt: skip
    op.execute(_CARRY_STEPS)
    op.create_index("ix_steps_tenant_id_contact_id", "steps", ["tenant_id", "contact_id"])
    op.drop_table("old_steps")


def _create_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("pause_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("is_of_debtor", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date()),
        sa.Column("is_endless", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("ended_on", sa.Date()),
        sa.Column("reason", sa.Text()),
        sa.Column("created_by", sa.Text()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "pause_id", name="pk_pauses"),
    )
    op.create_index("ix_pauses_tenant_id_account_id", "pauses", ["tenant_id", "account_id"])


def _create_answered() -> None:
    op.create_table(
        "occasions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("reaction", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("invoice_ids", ARRAY(sa.Text())),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("since_on", sa.Date()),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "reaction", "subject_id", name="pk_occasions"
        ),
    )
    op.create_table(
        "payments",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reversed", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "payment_id", name="pk_payments"),
    )


# Of an open attempt nothing was made. Where a step of the same name was made twice, the last.
_CARRY_STEPS_BACK = """
insert into steps (tenant_id, account_id, invoice_id, due_on, step, contact_id)
select distinct on (tenant_id, account_id, subject_id, anchor_on, step)
       tenant_id, account_id, subject_id, anchor_on, step, contact_id
from new_steps where subject = 'invoice' and reaction = '' and state <> 'open'
order by tenant_id, account_id, subject_id, anchor_on, step, n desc
"""


def downgrade() -> None:
    for table in ("payments", "occasions", "pauses"):
        op.drop_table(table)
    for table, column in (
        ("accounts", "overdue_since_on"), ("accounts", "amounts"), ("tenants", "calendar"),
        ("stops", "is_silence"), ("stops", "outcome"),
    ):  # fmt: skip
        op.drop_column(table, column)
    op.execute(
        "update stops set ended_on = ended_on + 1"
        " where kind in ('promise', 'plan', 'settlement') and ended_on is not null"
    )
    op.alter_column("stops", "ended_on", new_column_name="resume_on")
    op.drop_column("invoices", "payer")
    op.add_column("invoices", sa.Column("resumed_on", sa.Date()))
    op.execute(
        "update invoices set resumed_on = (select max((r ->> 0)::date)"
        " from jsonb_array_elements(resumes::jsonb) r)"
    )
    op.drop_column("invoices", "resumes")
    op.execute(
        "update contacts set state = 'cancelled', because = 'superseded'"
        " where state = 'held' or (lane <> '' and state in ('planned', 'claimed'))"
    )
    _under_way(["tenant_id", "debtor_key"], _UNDER_WAY)
    op.drop_column("contacts", "lane")
    _steps_back()


def _steps_back() -> None:
    op.rename_table("steps", "new_steps")
    op.execute("alter index pk_steps rename to pk_new_steps")
    op.execute("drop index ix_steps_tenant_id_contact_id")
    op.create_table(
        "steps",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "invoice_id", "due_on", "step", name="pk_steps"
        ),
    )
    op.execute(_CARRY_STEPS_BACK)
    op.drop_table("new_steps")
