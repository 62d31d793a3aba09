"""What the tests of the compute pool have computed; it imports little, so it begins soon."""

import os
import signal
from pathlib import Path

from shared.errors import FieldError, Invalid


def process_id() -> int:
    return os.getpid()


def product(left: int, right: int) -> int:
    print("what a job prints is no answer")
    return left * right


def text_from(pipe: Path) -> str:
    """Waits until somebody writes into it."""
    return pipe.read_text()


def compute_for_ever(pipe: Path) -> None:
    """Says by `pipe` that it runs; the pipe is open for as long as it does."""
    with pipe.open("w") as still_running:
        still_running.write(f"{os.getpid()}\n")
        still_running.flush()
        while True:
            pass


def kill_own_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(amount_minor: int) -> None:
    raise Invalid("Too little.", [FieldError("/amount_minor", f"is {amount_minor}")])


class Awkward(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def fail_awkwardly() -> None:
    raise Awkward("what went ", "wrong")


def environment() -> dict[str, str]:
    return dict(os.environ)
