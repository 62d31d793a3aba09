"""The image's health check: cheap, and right about files and addresses."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy import health
from tests.architecture.files import ROOT


@contextmanager
def answering(line: bytes) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            asked, _ = listener.accept()
            with asked:
                asked.recv(1000)
                asked.sendall(line)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/health/ready"
        thread.join()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "answers 503"),
        (b"\xff\xfe", "answers nothing"),
        (b"", "answers nothing"),
    ],
)
def test_an_address_is_healthy_if_it_answers_200(line: bytes, expected: str | None) -> None:
    with answering(line) as url:
        wrong = health.what_is_wrong({"RECOUP_HEALTH": url})
    assert wrong is None if expected is None else expected in str(wrong)


def test_nobody_there_and_nothing_named() -> None:
    assert "does not answer" in str(
        health.what_is_wrong({"RECOUP_HEALTH": "http://127.0.0.1:1/health/ready"})
    )
    assert "not an address" in str(health.what_is_wrong({"RECOUP_HEALTH": "https://x/health"}))
    assert "RECOUP_HEALTH is not set" in str(health.what_is_wrong({}))


def test_a_file_is_healthy_while_it_is_young(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    look = {"RECOUP_HEALTH": str(file)}
    assert "has not begun" in str(health.what_is_wrong(look))
    file.touch()
    assert health.what_is_wrong(look) is None
    old = time.time() - health.AGE_SECONDS_MAX - 10
    os.utime(file, (old, old))
    assert "stands still" in str(health.what_is_wrong(look))


def test_it_costs_next_to_nothing() -> None:
    """It runs every few seconds in every container: nothing big is imported for it."""
    code = "import sys, deploy.health; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"asyncio", "ssl", "email", "datetime", "shared", "http"} & set(loaded)
