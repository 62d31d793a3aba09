"""What people work with: cases, tasks, calls, approvals, notes, reviews, certificates, and the
contact record."""

from alembic import op

revision = "outreach_0017"
down_revision = "outreach_0016"
branch_labels = None
depends_on = None

_TABLES = {
    "cases": """
        tenant_id text not null, case_id text not null, account_id text not null,
        number integer not null, state text not null, because text not null,
        opened_at timestamptz not null, owner text, is_escalated boolean default false not null,
        closed_at timestamptz, closed_because text, ending text,
        constraint pk_cases primary key (tenant_id, case_id)""",
    "tasks": """
        tenant_id text not null, task_id text not null, case_id text not null,
        account_id text not null, debtor_id text, kind text not null, cause text not null,
        queue text not null, skill text default '' not null, state text not null,
        due_at timestamptz not null, callable_at timestamptz, ready_at timestamptz not null,
        urgency smallint default 0 not null, priority integer default 0 not null, owner text,
        is_escalated boolean default false not null, attempt smallint default 1 not null,
        opened_at timestamptz not null, collector text, claimed_at timestamptz,
        lease_until timestamptz, contact_id text, strategy text, strategy_version text, step text,
        script text, due_on date, invoice_ids text[] default '{}' not null, note text,
        disposition text, seconds integer, closing_note text, call_id text,
        follow_up_at timestamptz, closed_at timestamptz, because text, completion bytea,
        answer bytea,
        constraint pk_tasks primary key (tenant_id, task_id)""",
    "calls": """
        tenant_id text not null, call_id text not null, task_id text not null,
        account_id text not null, collector text not null, address text,
        at timestamptz not null, decision bytea not null,
        constraint pk_calls primary key (tenant_id, call_id)""",
    "queues": """
        tenant_id text not null, queue text not null, skill text not null,
        constraint pk_queues primary key (tenant_id, queue)""",
    "priorities": """
        tenant_id text not null, account_id text not null, priority integer not null,
        constraint pk_priorities primary key (tenant_id, account_id)""",
    "approvals": """
        tenant_id text not null, approval_id text not null, kind text not null,
        subject_id text not null, state text not null, role text not null,
        requested_by text not null, requested_at timestamptz not null, expires_at timestamptz,
        account_id text, contact_id text, channel text, rule text, citation text,
        rulebook_version text, command bytea, decided_by text, decided_at timestamptz,
        reason text, decision text, running_since timestamptz, effect text, failure text,
        constraint pk_approvals primary key (tenant_id, approval_id)""",
    "notes": """
        tenant_id text not null, account_id text not null, at timestamptz not null,
        ord bigint generated always as identity, case_id text, task_id text, author text not null,
        note text not null, constraint pk_notes primary key (tenant_id, account_id, at, ord)""",
    "personal_reads": """
        tenant_id text not null, account_id text not null, at timestamptz not null,
        ord bigint generated always as identity, reader text not null, what text not null,
        constraint pk_personal_reads primary key (tenant_id, account_id, at, ord)""",
    "reviews": """
        tenant_id text not null, task_id text not null, reviewer text not null,
        collector text not null, scores bytea not null, failed text[] not null,
        recognition text, note text, score double precision not null, at timestamptz not null,
        constraint pk_reviews primary key (tenant_id, task_id)""",
    "certificates": """
        tenant_id text not null, person text not null, name text not null,
        valid_from date not null, valid_until date, suspended_at timestamptz,
        suspended_because text, recorded_at timestamptz not null, recorded_by text not null,
        constraint pk_certificates primary key (tenant_id, person, name)""",
    "record_heads": """
        tenant_id text not null, account_id text not null, n bigint not null, hash text not null,
        constraint pk_record_heads primary key (tenant_id, account_id)""",
    "contact_record": """
        tenant_id text not null, account_id text not null, n bigint not null, hash text not null,
        entry bytea not null,
        constraint pk_contact_record primary key (tenant_id, account_id, n)""",
}

_INDEXES = (
    "create unique index uq_cases_number on cases (tenant_id, account_id, number)",
    "create unique index uq_cases_open on cases (tenant_id, account_id) where state = 'open'",
    "create index ix_tasks_account on tasks (tenant_id, account_id)",
    "create index ix_tasks_worklist on tasks (tenant_id, skill, urgency desc, priority desc,"
    " due_at, task_id, ready_at, queue) where state = 'open'",
    "create index ix_tasks_owners on tasks (tenant_id, owner, urgency desc, priority desc,"
    " due_at, task_id) where state = 'open' and owner is not null",
    "create index ix_tasks_leases on tasks (lease_until) where state = 'claimed'",
    "create index ix_calls_tenant_id_account_id on calls (tenant_id, account_id)",
    "create index ix_approvals_account on approvals (tenant_id, account_id)",
    "create index ix_approvals_expiry on approvals (tenant_id, expires_at) where state = 'pending'",
    "create index ix_approvals_listed on approvals (tenant_id, requested_at, approval_id)",
)


def upgrade() -> None:
    for name, columns in _TABLES.items():
        op.execute(f"create table {name} ({columns})")
    for index in _INDEXES:
        op.execute(index)


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)
