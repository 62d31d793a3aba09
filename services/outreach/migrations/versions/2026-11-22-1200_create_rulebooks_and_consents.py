"""What the contact governor rests on: rule books, consents, preferences, contacts of others, and
the questions that were asked."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0002"
down_revision = "outreach_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("party", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("purpose", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("product", sa.Text(), nullable=True))
    _remember_what_invoices_are_for()
    _create_statements()
    _create_contact_history()
    _create_rulebooks()


def _remember_what_invoices_are_for() -> None:
    """Invoices that are known already: what the ledger said of them stands in the story."""
    op.execute(
        """
        update invoices i set
          purpose = said.data ->> 'purpose',
          product = said.data ->> 'product'
        from (
          select tenant_id, account_id, convert_from(data, 'UTF8')::jsonb as data
          from story where topic = 'ledger.events' and type = 'invoice-issued') said
        where i.tenant_id = said.tenant_id and i.account_id = said.account_id
          and i.invoice_id = said.data ->> 'invoice_id'
        """
    )


def _create_statements() -> None:
    op.create_table(
        "consents",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ord", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("given_to", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("employer_provided", sa.Boolean(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "ord", name=op.f("pk_consents")),
    )
    op.create_table(
        "preferences",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ord", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "ord", name=op.f("pk_preferences")),
    )


def _create_contact_history() -> None:
    op.create_table(
        "past_contacts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "id", name=op.f("pk_past_contacts")),
    )
    op.create_index(
        op.f("ix_past_contacts_tenant_id_account_id_at"),
        "past_contacts",
        ["tenant_id", "account_id", "at"],
        unique=False,
    )
    op.create_table(
        "judgements",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "contact_id", name=op.f("pk_judgements")
        ),
    )
    op.create_index(
        op.f("ix_judgements_tenant_id_at_contact_id"),
        "judgements",
        ["tenant_id", "at", "contact_id"],
        unique=False,
    )


def _create_rulebooks() -> None:
    op.create_table(
        "rulebooks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "version", name=op.f("pk_rulebooks")),
    )
    op.create_table(
        "rulebook_activations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("ord", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "ord", name=op.f("pk_rulebook_activations")),
    )


def downgrade() -> None:
    op.drop_table("rulebook_activations")
    op.drop_table("rulebooks")
    op.drop_table("judgements")
    op.drop_table("past_contacts")
    op.drop_table("preferences")
    op.drop_table("consents")
    op.drop_column("invoices", "product")
    op.drop_column("invoices", "purpose")
    op.drop_column("tenants", "party")
