"""A process of the compute pool: reads a job, calls it, answers, until its parent is gone.

A job is a pickle of `(function, arguments)` behind its length and its time limit; an answer is a
pickle of `(result, None)` or `(None, error)` behind its length. A thread reads what comes, so that
the end of the parent is noticed in the middle of a job too.
"""

import gc
import os
import pickle
import signal
import struct
import threading
import traceback
from queue import SimpleQueue
from typing import BinaryIO, NoReturn

JOB = struct.Struct(">dQ")  # seconds, length
ANSWER = struct.Struct(">Q")  # length

NICENESS = 5  # the parent's event loop goes first
# What a job decodes is no garbage: looking through it again and again took half of its CPU. Values
# are freed by their reference counts.
COLLECTOR = (50_000, 20, 100)
GRACE_SECONDS = 5.0  # the parent kills at the limit; the alarm is for when it can't


class UnpicklableError(Exception):
    """What a job raised could not be carried over; the text is its traceback."""


def main() -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which then ends us
    os.nice(NICENESS)
    gc.set_threshold(*COLLECTOR)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # what a job prints is no answer
    jobs: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
    threading.Thread(target=_read, args=(requests, jobs), daemon=True).start()
    while True:
        seconds, job = jobs.get()
        signal.setitimer(signal.ITIMER_REAL, seconds + GRACE_SECONDS)  # SIGALRM ends the process
        answer = _answer(job)
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(ANSWER.pack(len(answer)))
        answers.write(answer)
        answers.flush()


def _read(requests: BinaryIO, jobs: "SimpleQueue[tuple[float, bytes]]") -> NoReturn:
    while True:
        head = requests.read(JOB.size)
        seconds, length = JOB.unpack(head) if len(head) == JOB.size else (0.0, 0)
        job = requests.read(length)
        if not length or len(job) < length:
            os._exit(0)  # the parent is gone, and with it whoever wants an answer
        jobs.put((seconds, job))


def _answer(job: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(job)  # noqa: S301 - it comes from our own parent
        return pickle.dumps((function(*arguments), None), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - raised in the parent, nothing is swallowed
        return _failure(error)


def _failure(error: Exception) -> bytes:
    text = "".join(traceback.format_exception(error))
    error.add_note(f"in a compute process:\n{text}")
    try:
        answer = pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
        pickle.loads(answer)  # noqa: S301 - our own; an error's class may not survive the way
    except Exception:  # noqa: BLE001 - the traceback says what both errors were
        return pickle.dumps((None, UnpicklableError(text)), pickle.HIGHEST_PROTOCOL)
    return answer
