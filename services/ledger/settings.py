"""Settings of the ledger: read once by `app.py` and `worker.py`, passed down as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from services.ledger.domain.undo import UNDO_FACTS
from shared.ids import is_tenant
from shared.process.settings import BadSetting, Common, Env

REJECTIONS_KEEP_DAYS = 90
PRODUCERS = ("segmentation", "outreach")
IMPORTS_KEEP_DAYS = 90


@dataclass(frozen=True)
class Settings:
    """`LEDGER_*` and what is common to all services."""

    common: Common
    database_url: str = field(repr=False)
    # Which tenants may write to `billing.events`; None: any (local mode). An event that names none
    # belongs to the first.
    kafka_tenants: tuple[str, ...] | None
    # Where Kafka is off: the databases of segmentation, in whose outbox the segments of accounts
    # are, and of outreach, which says what contacts disclosed. A ledger that is alone has none; no
    # account then is in a segment, and nothing is disclosed.
    producer_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    undo_facts: int = UNDO_FACTS  # of an account; an earlier fact costs a computation of it all
    rejections_keep_days: int | None = REJECTIONS_KEEP_DAYS
    imports_keep_days: int | None = IMPORTS_KEEP_DAYS

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        env = Env(values, collects=True)
        common = Common.read(env)
        settings = cls(
            common=common,
            database_url=env.database("ledger"),
            kafka_tenants=_kafka_tenants(env, common),
            producer_urls={} if common.kafka else _producer_urls(env),
            undo_facts=env.integer("LEDGER_UNDO_FACTS", UNDO_FACTS, low=0, high=1_000_000),
            rejections_keep_days=env.days("LEDGER_REJECTIONS_KEEP_DAYS", REJECTIONS_KEEP_DAYS),
            imports_keep_days=env.days("LEDGER_IMPORTS_KEEP_DAYS", IMPORTS_KEEP_DAYS),
        )
        return env.checked(settings)

    @property
    def default_tenant(self) -> str | None:
        """Whose an event on `billing.events` is that names none."""
        return self.kafka_tenants[0] if self.kafka_tenants else self.common.default_tenant


def _producer_urls(env: Env) -> dict[str, str]:
    return {
        service: env.producer("ledger", service)
        for service in PRODUCERS
        if env.text(f"LEDGER_{service.upper()}_DATABASE_URL")
        or env.text(f"{service.upper()}_DATABASE_URL")
    }


def _kafka_tenants(env: Env, common: Common) -> tuple[str, ...] | None:
    name = "LEDGER_KAFKA_TENANTS"
    text = env.text(name)
    if text is None:
        if common.kafka is not None and not common.local:
            reason = "is not set: name the tenants that may write to billing.events"
            env.fault(BadSetting(name, reason))
        return None
    tenants = tuple(part.strip() for part in text.split(","))
    for tenant in tenants:
        if not is_tenant(tenant):
            reason = f"has {tenant!r}, which is no tenant id ([a-z0-9-], 1–40)"
            env.fault(BadSetting(name, reason))
    return tenants
