"""Whether this container's process does its work: the image's health check.

`RECOUP_HEALTH` names what to look at: the URL that an API answers with 200, or the file that a
worker touches again and again (`RECOUP_ALIVE_FILE`). Exit code 0 means healthy.
"""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from shared import clock
from shared.process.alive import SECONDS_MAX

TIMEOUT_SECONDS = 3.0


def what_is_wrong(environment: Mapping[str, str]) -> str | None:
    """Why the process is not healthy; None: it is."""
    subject = environment.get("RECOUP_HEALTH", "")
    if not subject:
        return "RECOUP_HEALTH is not set: name the URL or file to look at"
    return _answer(subject) if "://" in subject else _sign(Path(subject))


def _answer(url: str) -> str | None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"{url} does not answer: {error}"
    finally:
        connection.close()
    return None if status == 200 else f"{url} answers {status}"


def _sign(file: Path) -> str | None:
    try:
        age = clock.now().timestamp() - file.stat().st_mtime
    except FileNotFoundError:
        return f"{file} is not there: the worker has not begun"
    return None if age <= SECONDS_MAX else f"{file} is {age:.0f} s old: the worker stands still"


def main() -> int:
    wrong = what_is_wrong(os.environ)
    if wrong is not None:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
