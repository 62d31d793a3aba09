"""Whether this container's process does its work: the image's health check.

`RECOUP_HEALTH` names what to look at: the URL that an API answers with 200, or the file that a
worker touches as long as all its parts live (`RECOUP_ALIVE_FILE`). Exit code 0 means healthy.

It runs every few seconds in every container: so it imports next to nothing, and nothing of ours.
"""

import os
import socket
import sys
import time
from collections.abc import Mapping

TIMEOUT_SECONDS = 3.0
AGE_SECONDS_MAX = 30.0  # older than this: a part stands still, or the process is gone


def what_is_wrong(environment: Mapping[str, str]) -> str | None:
    """Why the process is not healthy; None: it is."""
    subject = environment.get("RECOUP_HEALTH", "")
    if not subject:
        return "RECOUP_HEALTH is not set: name the URL or file to look at"
    return _answer(subject) if "://" in subject else _sign(subject)


def _answer(url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    address, _, path = rest.partition("/")
    host, _, port = address.rpartition(":")
    if scheme != "http" or not host or not port.isdecimal():
        return f"{url} is not an address like http://127.0.0.1:8001/health/ready"
    request = f"GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_SECONDS) as asked:
            asked.sendall(request.encode())
            line = asked.makefile("rb").readline(256).decode(errors="replace").split()
    except OSError as error:
        return f"{url} does not answer: {error}"
    status = line[1] if len(line) > 1 else "nothing"
    return None if status == "200" else f"{url} answers {status}"


def _sign(file: str) -> str | None:
    try:
        age = time.time() - os.stat(file).st_mtime
    except FileNotFoundError:
        return f"{file} is not there: the worker has not begun"
    if age <= AGE_SECONDS_MAX:
        return None
    return f"{file} is {age:.0f} s old: a part of the worker stands still, or all of it"


def main() -> int:
    wrong = what_is_wrong(os.environ)
    if wrong is not None:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
