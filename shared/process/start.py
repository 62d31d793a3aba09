"""The first thing a process does: read its settings, or say in a line each what is wrong."""

import os
import sys
from collections.abc import Mapping
from typing import Protocol, Self, TypeVar

from shared.process.environment import BadSetting

EXIT_SETTINGS = 78  # EX_CONFIG of sysexits.h: a restart changes nothing


class Readable(Protocol):
    """A service's `Settings`."""

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self: ...


S = TypeVar("S", bound=Readable)


def settings_of(kind: type[S]) -> S:
    """The settings that the environment gives; wrong ones end the process."""
    try:
        return kind.from_env(os.environ)
    except BadSetting as error:
        for fault in error.faults:
            sys.stderr.write(f"{fault}\n")
        raise SystemExit(EXIT_SETTINGS) from None
