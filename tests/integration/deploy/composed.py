"""A compose file as `docker compose` reads it, and its services as plain processes on this machine.

What an engine would do is small here: fill in `${…}`, start in the order of `depends_on`, ask each
health check. Hosts and ports of the network inside are rewritten to those of this machine.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deploy.local.waiting import wait_for
from tests.architecture.files import ROOT

FILE = ROOT / "docker-compose.yml"
SCHEMA = Path(__file__).parent / "compose_spec" / "compose-spec.json"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
STOP_SECONDS_MAX = 120
HEALTHY_SECONDS_MAX = 180

Node = Any


class Unset(Exception):
    """A variable that the file insists on (`${NAME:?…}`)."""


def raw() -> dict[str, Any]:
    """The file as YAML, nothing filled in."""
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return document


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def filled(node: Node, environment: Mapping[str, str]) -> Node:
    """The document with every `${…}` replaced."""
    if isinstance(node, dict):
        return {key: filled(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value, environment) for value in node]
    if isinstance(node, str):
        return VARIABLE.sub(lambda match: _value(match, environment), node)
    return node


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    value = environment.get(match["name"], "")
    if value:
        return value
    if match["kind"] == "?":
        raise Unset(match["name"])
    return match["rest"] if match["kind"] == "-" else ""


def started_first(services: Mapping[str, Any]) -> list[str]:
    """The services, each after those that it depends on."""
    ordered: list[str] = []

    def add(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"a circle: {' → '.join((*above, name))}"
        for needed in services[name].get("depends_on", {}):
            add(needed, (*above, name))
        if name not in ordered:
            ordered.append(name)

    for name in services:
        add(name, ())
    return ordered


@dataclass
class Processes:
    """Services of the file that run their commands on this machine."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a one-shot service to its end; it must be a good one."""
        done = subprocess.run(
            _on_this_machine(command), cwd=ROOT, env=_with_path(environment), check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        with self._log(name).open("wb") as output:
            self.running[name] = subprocess.Popen(
                _on_this_machine(command), cwd=ROOT, env=_with_path(environment),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def wait_healthy(self, name: str, test: Sequence[str], environment: Mapping[str, str]) -> None:
        kind, *command = test
        assert kind == "CMD", "a shell is not needed"

        def is_healthy_or_dead() -> bool:
            if self.running[name].poll() is not None:
                return True
            return self.check(command, environment) == 0

        in_time = wait_for(is_healthy_or_dead, HEALTHY_SECONDS_MAX)
        is_well = in_time and self.running[name].poll() is None
        assert is_well, f"{name} is not healthy:\n{self._log(name).read_text()[-3000:]}"

    def check(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """One health check, run as an engine runs it: in the service's own environment."""
        return subprocess.run(
            _on_this_machine(command), cwd=ROOT, env=_with_path(environment), check=False,
            capture_output=True,
        ).returncode  # fmt: skip

    def stop(self) -> dict[str, int]:
        """SIGTERM to all; their exit codes."""
        for process in self.running.values():
            process.terminate()
        codes = {name: process.wait(STOP_SECONDS_MAX) for name, process in self.running.items()}
        self.running.clear()
        return codes

    def kill(self) -> None:
        """Whatever a failed test left running."""
        for process in self.running.values():
            process.kill()
            process.wait(STOP_SECONDS_MAX)

    def words(self, name: str) -> str:
        """What it has written."""
        return self._log(name).read_text()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def _on_this_machine(command: Sequence[str]) -> list[str]:
    return [sys.executable if word == "python" else word for word in command]


def _with_path(environment: Mapping[str, str]) -> dict[str, str]:
    # Nothing of the tests' own environment: a container has none of it either.
    return {"PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), **environment}
