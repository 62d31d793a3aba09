"""Settings of segmentation: read once by `app.py` and `worker.py`, passed down as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from shared.settings import BadSetting, Common, Env

DEFAULT_POLICY = Path(__file__).parent / "policies" / "default.yaml"


@dataclass(frozen=True)
class Settings:
    """`SEGMENTATION_*` and what is common to all services."""

    common: Common
    database_url: str = field(repr=False)
    # The producers whose logs are read, by service: their databases where Kafka is off.
    producer_urls: Mapping[str, str] = field(repr=False)
    policy_text: str = field(repr=False)

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        env, common = Env(values), Common.from_env(values)
        producers = () if common.kafka else ("ledger", "outreach")
        return cls(
            common=common,
            database_url=env.database("segmentation"),
            producer_urls={service: env.database(service) for service in producers},
            policy_text=_policy_text(env),
        )


def _policy_text(env: Env) -> str:
    name = "SEGMENTATION_POLICY"
    path = Path(env.text(name) or DEFAULT_POLICY)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(name, f"names a file that cannot be read: {error}") from error
