"""What a job's loop survives: anything that goes wrong with one tenant, account or round of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from shared.errors import AppError, TookTooLong, Unavailable, is_retriable
from shared.process import telemetry

log = telemetry.logger(__name__)

T = TypeVar("T")


@contextmanager
def survived(service: str, job: str, **about: object) -> Iterator[None]:
    """Around the part of a loop that may fail: it is logged with what it was `about` and counted,
    and the loop goes on with the next. Being cancelled is no failure."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not the others' fault
        note_failure(service, job, error, **about)


def note_failure(service: str, job: str, error: Exception, **about: object) -> None:
    """What `survived` does about a failure."""
    telemetry.JOB_FAILURES.labels(service, job).inc()
    if isinstance(error, Unavailable):
        log.warning("job.failed", job=job, reason=error.detail, **about)
    elif isinstance(error, AppError):
        log.error("job.failed", job=job, reason=error.detail, **about)
    else:
        log.error("job.failed", job=job, exc_info=error, **about)


def is_for_now(error: Exception) -> bool:
    """Whether it all had better be tried again: nobody in it is to blame. Else the culprit is
    looked for by halves; what took too long may pass in them."""
    return is_retriable(error) and not isinstance(error, TookTooLong)


def halves(items: Sequence[T]) -> list[Sequence[T]]:
    """Two, or fewer where there are not two."""
    middle = len(items) // 2
    return [half for half in (items[:middle], items[middle:]) if half]
