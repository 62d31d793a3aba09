"""DKIM signatures checked by another implementation than ours: Debian's `python3-dkim`, in a
process of its own that is kept for the next question."""

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache

from tests.conftest import not_run

PYTHON = "/usr/bin/python3"  # Debian's own, which has its packages
_PROGRAM = """
import base64, json, sys
import dkim
for line in sys.stdin:
    asked = json.loads(line)
    records = {k.encode(): v.encode() for k, v in asked["records"].items()}
    message = base64.b64decode(asked["message"])
    said = dkim.verify(message, dnsfunc=lambda name, timeout=5: records.get(name))
    print(json.dumps(bool(said)), flush=True)
"""


@cache
def _process() -> "subprocess.Popen[str]":
    has_dkim = shutil.which(PYTHON) is not None and (
        subprocess.run([PYTHON, "-c", "import dkim"], capture_output=True, check=False).returncode
        == 0
    )
    if not has_dkim:
        not_run("there is no python3-dkim on this machine (apt-get install python3-dkim)")
    return subprocess.Popen(
        [PYTHON, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def verify(message: bytes, records: Mapping[str, str]) -> bool:
    """Whether the signature on top holds, by the DNS records of those names."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    question = {"message": base64.b64encode(message).decode(), "records": dict(records)}
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    return bool(json.loads(process.stdout.readline()))
