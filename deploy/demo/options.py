"""What a demo is asked to do: the variables of `make demo`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.process.settings import BadSetting, Env

DAYS = 365


@dataclass(frozen=True)
class Options:
    """`SEED DAYS ACCOUNTS DATA MAPPING REPORT KAFKA KEEP`."""

    seed: int = 1
    days: int | None = None  # None: a year, or all that the file has
    accounts: int = 500
    data: Path | None = None
    mapping: Path | None = None
    report: Path | None = None
    kafka: bool = False
    keep: bool = False

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        """Raises `BadSetting`, naming the variable."""
        env = Env(values)
        data, mapping = _file(env, "DATA"), _file(env, "MAPPING")
        if (data is None) != (mapping is None):
            missing = "MAPPING" if mapping is None else "DATA"
            raise BadSetting(missing, "is missing: DATA and MAPPING go together")
        report = env.text("REPORT")
        if report and not Path(report).absolute().parent.is_dir():
            raise BadSetting("REPORT", f"names a file in a folder that does not exist: {report}")
        return cls(
            seed=env.integer("SEED", 1, low=0, high=2**53),
            days=env.integer("DAYS", DAYS, low=1, high=3660) if env.text("DAYS") else None,
            accounts=env.integer("ACCOUNTS", 500, low=1, high=100_000),
            data=data,
            mapping=mapping,
            report=Path(report) if report else None,
            kafka=env.flag("KAFKA"),
            keep=env.flag("KEEP"),
        )


def _file(env: Env, name: str) -> Path | None:
    text = env.text(name)
    if not text:
        return None
    if not Path(text).is_file():
        raise BadSetting(name, f"names no file: {text}")
    return Path(text)
