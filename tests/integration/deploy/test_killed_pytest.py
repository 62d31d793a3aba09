"""A killed pytest leaves no server behind: the fixtures' PostgreSQL and broker end with it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.waiting import wait_for
from tests.architecture.files import ROOT
from tests.suite.servers import KAFKA, POSTGRES

PATIENCE_SECONDS = 120.0
USES_BOTH = """
import json, signal
from pathlib import Path
from urllib.parse import urlsplit

def test_it_waits_to_be_killed(postgres, kafka):
    ports = [urlsplit(postgres).port, int(kafka.rpartition(":")[2])]
    whole = Path(__file__).with_name("ports.new")
    whole.write_text(json.dumps(ports))
    whole.rename(whole.with_suffix(""))
    signal.pause()
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka")  # says so where no broker can be had
def test_its_servers_end_and_their_data_goes(tmp_path: Path) -> None:
    test, base = tmp_path / "test_waiting.py", tmp_path / "base"
    test.write_text(USES_BOTH)
    own = {name: text for name, text in os.environ.items() if name not in (POSTGRES, KAFKA)}
    with (tmp_path / "output").open("w+b") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"),
                *(f"--config-file={ROOT / 'pyproject.toml'}", f"--basetemp={base}", str(test)),
            ],
            cwd=ROOT, env=own, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    ports_file = tmp_path / "ports"
    try:
        is_there = wait_for(
            lambda: ports_file.exists() or process.poll() is not None, PATIENCE_SECONDS
        )
        assert is_there, "it neither started nor ended"
        assert process.poll() is None, (tmp_path / "output").read_text()
    finally:
        process.kill()
        process.wait()
    assert wait_for(
        lambda: not any(map(listens, json.loads(ports_file.read_text()))), PATIENCE_SECONDS
    )
    data = Path((base / "postgres0" / "postgres-folder").read_text().strip())
    assert wait_for(lambda: not data.exists(), PATIENCE_SECONDS)
