"""A Postfix of a test's own, on a port of its own: a real mail server, with real bounces."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WHY_NOT = "there is no Postfix on this machine, or this is not root (apt-get install postfix)"

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
daemon_directory = {daemons}
shlib_directory = {libraries}
command_directory = {commands}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.recoup.test
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{relay}
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtpd_recipient_restrictions = permit_mynetworks, reject
"""


def is_here() -> bool:
    return os.geteuid() == 0 and shutil.which("postfix") is not None


@contextmanager
def running(relay: int) -> Iterator[int]:
    """Its port. It hands everything on to the port `relay` of this machine."""
    home = Path(tempfile.mkdtemp(prefix="recoup-postfix-"))
    home.chmod(0o755)  # it drops its privileges, and has to get there all the same
    try:
        port = _free_port()
        conf = _configured(home, port, relay)
        _postfix(conf, "start")
        try:
            yield port
        finally:
            _postfix(conf, "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _configured(home: Path, port: int, relay: int) -> Path:
    conf = home / "conf"
    for folder in (conf, home / "queue", home / "data"):
        folder.mkdir()
    shutil.chown(home / "data", "postfix")
    (conf / "main.cf").write_text(
        _MAIN.format(
            home=home,
            relay=relay,
            daemons=_default("daemon_directory"),
            libraries=_default("shlib_directory"),
            commands=_default("command_directory"),
        )
    )
    lines = [f"{port} inet n - n - - smtpd"]
    for line in _services().splitlines():
        parts = line.split()
        if len(parts) < 8 or parts[:2] == ["smtp", "inet"]:
            continue
        lines.append(" ".join([*parts[:4], "n", *parts[5:]]))  # none in a jail of its own
    if not any(line.startswith("postlog ") for line in lines):
        lines.append("postlog unix-dgram n - n - 1 postlogd")
    (conf / "master.cf").write_text("\n".join(lines) + "\n")
    return conf


def _services() -> str:
    """The services that Postfix comes with, one a line."""
    for place in (_default("config_directory"), "/usr/share/postfix"):
        for name in ("master.cf", "master.cf.dist"):
            file = Path(place) / name
            if file.exists():
                text = file.read_text().replace("\n ", " ").replace("\n\t", " ")
                return "\n".join(x for x in text.splitlines() if x and x[0] not in "#")
    raise FileNotFoundError("master.cf of Postfix")


def _default(name: str) -> str:
    done = subprocess.run(
        ["postconf", "-d", "-h", name], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _postfix(conf: Path, what: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(conf), what], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
