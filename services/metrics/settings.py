"""Settings of metrics: read once by `app.py` and `worker.py`, passed down as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from shared.process.settings import Common, Env

PRODUCERS = ("ledger", "segmentation", "outreach")  # and itself


@dataclass(frozen=True)
class Settings:
    """`METRICS_*`, the producers' databases, and what is common to all services."""

    common: Common
    database_url: str = field(repr=False)
    # Without Kafka the producers' outboxes are the log; by service.
    producer_urls: Mapping[str, str] = field(repr=False)
    cors_origins: tuple[str, ...] = ()  # whose pages may read the figures, too

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        env = Env(values, collects=True)
        common = Common.read(env)
        producers = () if common.kafka else PRODUCERS
        settings = cls(
            common=common,
            database_url=env.database("metrics"),
            producer_urls={
                **{service: env.producer("metrics", service) for service in producers},
                "metrics": env.database("metrics"),
            },
            cors_origins=env.origins("METRICS_CORS_ORIGINS"),
        )
        return env.checked(settings)
