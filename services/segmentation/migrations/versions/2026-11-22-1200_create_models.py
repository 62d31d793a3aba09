"""Models, who promoted them, what they were asked and said; re-scores; external figures by day."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "segmentation_0002"
down_revision = "segmentation_0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_NO_ARMS = sa.text("'\\x7b7d'::bytea")
_SLICE = 500


def upgrade() -> None:
    op.add_column("accounts", sa.Column("late_probability", sa.Float(), nullable=True))
    op.add_column("accounts", sa.Column("model_version", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("late_model_version", sa.Text(), nullable=True))
    op.add_column(
        "accounts", sa.Column("arms", sa.LargeBinary(), server_default=_NO_ARMS, nullable=False)
    )
    op.add_column("accounts", sa.Column("known_at", _INSTANT, nullable=True))
    op.add_column("accounts", sa.Column("known_on", sa.Date(), nullable=True))
    op.add_column(
        "accounts",
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_index(
        "ix_accounts_known_on",
        "accounts",
        ["tenant_id", sa.literal_column("known_on DESC")],
        unique=False,
    )
    op.execute(
        "update accounts set known_on = latest_on,"
        " model_version = 'rules-1', late_model_version = 'rules-1'"
    )
    _rewrite_states(_forward)
    _widen_assessments()
    _create_models()
    _create_rescorings()
    _create_figures()


def _rewrite_states(change: Any) -> None:
    """States are JSON as bytes: what stands on invoices has become a history."""
    bind = op.get_bind()
    after = ("", "")
    while True:
        rows = bind.execute(
            sa.text(
                "select tenant_id, account_id, state from accounts"
                " where (tenant_id, account_id) > (:t, :a)"
                " order by tenant_id, account_id limit :n"
            ),
            {"t": after[0], "a": after[1], "n": _SLICE},
        ).all()
        if not rows:
            return
        after = (rows[-1][0], rows[-1][1])
        bind.execute(
            sa.text(
                "update accounts set state = :state"
                " where tenant_id = :tenant and account_id = :account"
            ),
            [
                {"tenant": t, "account": a, "state": json.dumps(change(json.loads(s))).encode()}
                for t, a, s in rows
            ],
        )


def _forward(state: dict[str, Any]) -> dict[str, Any]:
    for invoice in state.get("invoices", {}).values():
        invoice[7] = {source: [[minor, on]] for source, (minor, on) in invoice[7].items()}
    contacts = [[at, "email", 0, ""] for at in state.pop("contacts_at", [])]
    paid = [state["last_payment_at"]] if state.get("last_payment_at") else []
    state["contacts"] = [contacts, {"email": len(contacts)} if contacts else {}, {}, paid]
    _count_paid(state)
    return state


def _count_paid(state: dict[str, Any]) -> None:
    """The sums by currency and quarter, of the invoices that were settled."""
    paid: dict[str, list[int]] = {}
    seasons: dict[str, list[int]] = {}
    for _, invoice_id, days_late in state.get("settled", []):
        currency, minor, _, due_on = state["invoices"][invoice_id][:4]
        quarter = str((int(due_on[5:7]) + 2) // 3)
        late = int(days_late > 0)
        for sums, key in ((paid, currency), (seasons, quarter)):
            before = sums.setdefault(key, [0] * 6)
            adds = (1, late, minor, minor * late, days_late, minor * days_late)
            sums[key] = [one + more for one, more in zip(before, adds, strict=True)]
    state["paid"], state["seasons"] = paid, seasons


def _backward(state: dict[str, Any]) -> dict[str, Any]:
    for invoice in state.get("invoices", {}).values():
        standing = {}
        for source, puts in invoice[7].items():
            live = [put for put in puts if len(put) < 3 or put[2] is None]
            if live:
                standing[source] = [sum(put[0] for put in live), max(put[1] for put in live)]
        invoice[7] = standing
        del invoice[8:]
    contacts = state.pop("contacts", [[]])
    state["contacts_at"] = [contact[0] for contact in contacts[0]]
    return state


def _widen_assessments() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("by_rescore", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engagement", sa.LargeBinary(), nullable=True),
        sa.Column("late_version", sa.Text(), nullable=True),
        sa.Column("late_probability", sa.Float(), nullable=True),
        sa.Column("late_row", sa.LargeBinary(), nullable=True),
        sa.Column("pays_version", sa.Text(), nullable=True),
        sa.Column("pays_probability", sa.Float(), nullable=True),
        sa.Column("pays_row", sa.LargeBinary(), nullable=True),
        sa.Column("expected_recovery_minor", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("arms", sa.LargeBinary(), server_default=_NO_ARMS, nullable=False),
    )
    for column in columns:
        op.add_column("assessments", column)
    op.execute(
        """
        update assessments set late_version = 'rules-1', pays_version = 'rules-1',
          engagement = convert_to(json_build_object('since_payment', contacts)::text, 'UTF8'),
          expected_recovery_minor = 0, priority = 0
        """
    )
    for name in ("engagement", "late_version", "pays_version", "expected_recovery_minor"):
        op.alter_column("assessments", name, nullable=False)
    op.alter_column("assessments", "priority", nullable=False)
    op.drop_column("assessments", "contacts")
    op.drop_constraint(op.f("pk_assessments"), "assessments", type_="primary")
    op.create_primary_key(
        op.f("pk_assessments"), "assessments", ["tenant_id", "account_id", "on_day", "by_rescore"]
    )


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("beside", sa.Text(), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("trained_by", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_models")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_models_tenant_id_number")),
    )
    op.create_table(
        "promotions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("from_version", sa.Text(), nullable=True),
        sa.Column("is_rollback", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("promoted_by", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "target", "role", "number", name=op.f("pk_promotions")
        ),
    )
    op.create_table(
        "shadow_scores",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=True),
        sa.Column("beside_version", sa.Text(), nullable=False),
        sa.Column("beside_probability", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_shadow_scores_tenant_id_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "on_day", "model_version", name=op.f("pk_shadow_scores")
        ),
    )
    op.create_table(
        "watches",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_watches")),
    )
    op.create_index(
        "ix_shadow_scores_model", "shadow_scores", ["tenant_id", "model_version"], unique=False
    )


def _create_rescorings() -> None:
    op.create_table(
        "rescorings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("cursor", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("with_shadows", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_superseded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_rescorings")),
    )
    op.create_index(
        "ix_rescorings_open",
        "rescorings",
        ["tenant_id", "number"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_figures() -> None:
    op.create_table(
        "indices",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_indices")),
    )
    op.create_table(
        "rates",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("to_currency", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "currency", "to_currency", "on_day", name=op.f("pk_rates")
        ),
    )


def downgrade() -> None:
    for name in (
        "watches",
        "rates",
        "indices",
        "rescorings",
        "shadow_scores",
        "promotions",
        "models",
    ):
        op.drop_table(name)
    op.execute("delete from assessments where by_rescore")
    op.drop_constraint(op.f("pk_assessments"), "assessments", type_="primary")
    op.add_column("assessments", sa.Column("contacts", sa.Integer(), nullable=True))
    op.execute(
        """
        update assessments set contacts = coalesce(
          (convert_from(engagement, 'UTF8')::jsonb ->> 'since_payment')::int, 0)
        """
    )
    op.alter_column("assessments", "contacts", nullable=False)
    op.create_primary_key(
        op.f("pk_assessments"), "assessments", ["tenant_id", "account_id", "on_day"]
    )
    for name in (
        *("by_rescore", "revision", "engagement", "late_version", "late_probability", "late_row"),
        *("pays_version", "pays_probability", "pays_row", "expected_recovery_minor", "priority"),
        "arms",
    ):
        op.drop_column("assessments", name)
    _rewrite_states(_backward)
    for name in (
        "late_probability",
        "model_version",
        "late_model_version",
        "arms",
        "known_at",
        "known_on",
        "revision",
    ):
        op.drop_column("accounts", name)
