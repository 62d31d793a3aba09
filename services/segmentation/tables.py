"""Segmentation's tables. `tenant_id` leads every key, `account_id` comes next.

An account's state and features are JSON as bytes, written and read by msgspec and never queried
into; what lists are filtered and ordered by stands in columns of its own. Amounts that are derived
from sums are `numeric`: whole numbers without a bound, ints again as soon as they are read.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from shared.documents import document_tables
from shared.log.tables import Instant, add_log_tables, new_metadata

NO_ARMS = text("'\\x7b7d'::bytea")  # {}

metadata = new_metadata()
add_log_tables(metadata)
document_tables(metadata)  # segment policies

accounts = Table(
    "accounts",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),  # domain.account.Account
    Column("segment", Text),  # null: only contacts are known, nothing from the ledger yet
    Column("policy_version", Text),
    Column("probability", Float),  # of paying within the horizon
    Column("late_probability", Float),
    Column("model_version", Text),  # of the probability
    Column("late_model_version", Text),
    Column("arms", LargeBinary, nullable=False, server_default=NO_ARMS),  # as last announced
    Column("expected_recovery_minor", Numeric, nullable=False, server_default=text("0")),
    Column("currency", Text),
    Column("priority", Numeric, nullable=False, server_default=text("0")),
    Column("latest_on", Date),  # the latest day its ledger events count on
    Column("revision", BigInteger, nullable=False, server_default=text("0")),  # times assessed
    Column("known_at", Instant),  # the latest recordedtime of its events: business time
    Column("known_on", Date),  # the latest day of what is known, in the account's zone
    PrimaryKeyConstraint("tenant_id", "account_id"),
)
Index(
    "ix_accounts_segment_priority",
    accounts.c.tenant_id,
    accounts.c.segment,
    accounts.c.priority.desc(),
    accounts.c.account_id,
)
Index(
    "ix_accounts_priority", accounts.c.tenant_id, accounts.c.priority.desc(), accounts.c.account_id
)
# Business time is the latest of it.
Index("ix_accounts_known_on", accounts.c.tenant_id, accounts.c.known_on.desc())

# What was believed at the end of each day on which something happened: for reads `as_of`, and to be
# worked out again bit for bit. A re-score without an event has a row apart from the day's.
assessments = Table(
    "assessments",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("by_rescore", Boolean, nullable=False, server_default=text("false")),
    Column("revision", BigInteger, nullable=False, server_default=text("0")),  # the later counts
    Column("features", LargeBinary, nullable=False),  # domain.features.Features
    Column("engagement", LargeBinary, nullable=False),  # domain.contacts.Engagement
    Column("late_version", Text, nullable=False),
    Column("late_probability", Float),
    Column("late_row", LargeBinary),  # what the model looked at; null: the rule card's features
    Column("pays_version", Text, nullable=False),
    Column("pays_probability", Float),
    Column("pays_row", LargeBinary),
    Column("expected_recovery_minor", Numeric, nullable=False),
    Column("priority", Numeric, nullable=False),
    Column("arms", LargeBinary, nullable=False, server_default=NO_ARMS),
    Column("segment", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "on_day", "by_rescore"),
    ForeignKeyConstraint(
        ["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.account_id"]
    ),
)

# What challengers answered for the same accounts on the same days. Nobody follows it.
shadow_scores = Table(
    "shadow_scores",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("probability", Float, nullable=False),
    Column("row", LargeBinary),
    Column("beside_version", Text, nullable=False),  # what was in force, and its answer
    Column("beside_probability", Float, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "on_day", "model_version"),
    ForeignKeyConstraint(
        ["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.account_id"]
    ),
)
Index("ix_shadow_scores_model", shadow_scores.c.tenant_id, shadow_scores.c.model_version)

# Every model ever trained. The document is JSON with its own hash, checked whenever it is loaded.
models = Table(
    "models",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("beside", Text),  # trees: the scorecard they were grown with, and whose shadow they are
    Column("report", LargeBinary, nullable=False),  # figures on the part after `until`
    Column("until", Date, nullable=False),
    Column("number", BigInteger, nullable=False),  # 1, 2, 3… per tenant, in the order of training
    Column("trained_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "version"),
    UniqueConstraint("tenant_id", "number"),
)

# Who put which model in force or in shadow, and why. The latest number of a role stands.
promotions = Table(
    "promotions",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("role", Text, nullable=False),  # champion | shadow
    Column("number", Integer, nullable=False),
    Column("version", Text),  # a model, or the rule card; null: the shadow ended
    Column("from_version", Text),
    Column("is_rollback", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("promoted_by", Text, nullable=False),
    Column("at", Instant, nullable=False),  # business time
    PrimaryKeyConstraint("tenant_id", "target", "role", "number"),
)

# The last figures of watching each model in force, for operators.
watches = Table(
    "watches",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("on_day", Date, nullable=False),  # business time
    Column("figures", LargeBinary, nullable=False),  # name to number
    PrimaryKeyConstraint("tenant_id", "version"),
)

# Re-scores of a tenant's accounts, in the order of account ids; `cursor` is the last one done.
rescorings = Table(
    "rescorings",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
    Column("at", Instant, nullable=False),  # business time from which what it changes holds
    Column("cursor", Text, nullable=False, server_default=text("''")),
    Column("accounts", BigInteger, nullable=False),  # to do, as counted at the beginning
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("changed", BigInteger, nullable=False, server_default=text("0")),
    Column("begun_at", Instant, nullable=False),  # machine time, as is ended_at
    Column("ended_at", Instant),
    Column("with_shadows", Boolean, nullable=False, server_default=text("false")),
    Column("is_superseded", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("tenant_id", "number"),
)
Index(
    "ix_rescorings_open",
    rescorings.c.tenant_id,
    rescorings.c.number,
    postgresql_where=rescorings.c.ended_at.is_(None),
)

# External figures by day: the market's indices, and what currencies are worth in each other.
indices = Table(
    "indices",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),  # who has this one need not read it again
    Column("series", LargeBinary, nullable=False),  # days and values, sorted
    PrimaryKeyConstraint("tenant_id", "name"),
)
rates = Table(
    "rates",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("to_currency", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("rate", Numeric, nullable=False),
    PrimaryKeyConstraint("tenant_id", "currency", "to_currency", "on_day"),
)

experiments = Table(
    "experiments",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("run", Integer, nullable=False),  # another design is another run, which draws anew
    Column("design", LargeBinary, nullable=False),  # domain.experiments.Design
    Column("status", Text, nullable=False),  # draft, running, stopped
    Column("stored_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("stopped_at", Instant),
    Column("because", Text),  # why it was stopped
    PrimaryKeyConstraint("tenant_id", "name", "run"),
)

# Episodes of early warnings.
warnings = Table(
    "warnings",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("warning_id", Text, nullable=False),  # of kind and the event that raised it
    Column("kind", Text, nullable=False),
    Column("since_on", Date, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("because", Text, nullable=False),
    Column("figures", LargeBinary, nullable=False),  # name to number
    Column("currency", Text),
    Column("segment", Text, nullable=False),
    Column("priority", Numeric, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("ended_on", Date),  # null: it lasts
    PrimaryKeyConstraint("tenant_id", "account_id", "warning_id"),
    ForeignKeyConstraint(
        ["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.account_id"]
    ),
)
Index(
    "ix_warnings_raised", warnings.c.tenant_id, warnings.c.raised_at.desc(), warnings.c.warning_id
)
