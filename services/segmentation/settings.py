"""Settings of segmentation: read once by `app.py` and `worker.py`, passed down as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from services.segmentation.domain.policy import Policy, parse_text
from shared.errors import Invalid, Unreadable
from shared.process.settings import BadSetting, Common, Env

PRODUCERS = ("ledger", "outreach")
DEFAULT_POLICY = Path(__file__).parent / "policies" / "default.yaml"


@dataclass(frozen=True)
class Settings:
    """`SEGMENTATION_*` and what is common to all services."""

    common: Common
    database_url: str = field(repr=False)
    # The producers whose logs are read, by service: their databases where Kafka is off.
    producer_urls: Mapping[str, str] = field(repr=False)
    policy: Policy = field(repr=False)

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        env = Env(values, collects=True)
        common = Common.read(env)
        producers = () if common.kafka else PRODUCERS
        settings = cls(
            common=common,
            database_url=env.database("segmentation"),
            producer_urls={service: env.producer("segmentation", service) for service in producers},
            policy=env.attempt(lambda: _policy(env)),
        )
        return env.checked(settings)


def _policy(env: Env) -> Policy:
    """The segment policy, from the file named or the default. A bad one stops the start."""
    name = "SEGMENTATION_POLICY"
    path = Path(env.text(name) or DEFAULT_POLICY)
    try:
        return parse_text(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(name, f"names a file that cannot be read: {error}") from error
    except (Invalid, Unreadable) as error:
        faults = "; ".join(f"{fault.pointer} {fault.detail}" for fault in error.errors)
        raise BadSetting(name, f"does not fit: {error.detail} {faults}".rstrip()) from error
