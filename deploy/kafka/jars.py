"""Kafka's jars in the user's cache: resolved once by `jgo`, each checked against `kafka.lock`."""

import hashlib
import os
import shutil
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from deploy.local.errors import CannotStart

LOCK = Path(__file__).with_name("kafka.lock")
# The broker, and what carries its words to log4j (it says nothing without). Resolved one by one:
# together they would agree on older jars than the broker is made for.
WANTED = (
    "org.apache.kafka:kafka_2.13:4.3.0",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
)
SAY_SECONDS = 5.0
_HEADER = """\
# The jars of Apache Kafka and the sha256 of each. Written by: python -m deploy.kafka --lock
"""


@dataclass(frozen=True)
class Jar:
    """One line of the lock."""

    coordinates: str  # group:artifact:version
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    @property
    def maven_path(self) -> str:
        group, artifact, version = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{self.file_name}"


def read_lock() -> list[Jar]:
    """Every jar that the broker needs."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" sha256:") for line in lines if line and not line.startswith("#"))
    return [Jar(coordinates, sha256) for coordinates, sha256 in pairs]


def classpath() -> str:
    """The jars as a class path; fetched at the first call, and checked at every one."""
    jars, folder = read_lock(), _cache_folder()
    if not _are_there(jars, folder):
        _fetch(jars, folder)
    return os.pathsep.join(str(folder / jar.file_name) for jar in jars)


def _cache_folder() -> Path:
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    return _user_cache() / f"kafka-{digest}"


def _jgo_cache() -> Path:
    return _user_cache() / "jgo"


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "recoup"


def _are_there(jars: list[Jar], folder: Path) -> bool:
    return all(_sha256(folder / jar.file_name) == jar.sha256 for jar in jars)


def _sha256(file: Path) -> str | None:
    if not file.is_file():
        return None
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _fetch(jars: list[Jar], folder: Path) -> None:
    print(f"Fetching Kafka: {len(jars)} jars, about 45 MB, once", flush=True)
    with _reported(jars):
        found = {jar.sha256: file for jar, file in _resolve(_jgo_cache())}
    missing = [jar.coordinates for jar in jars if found.get(jar.sha256) is None]
    if missing:
        raise CannotStart(f"these jars of Kafka are not what kafka.lock says: {', '.join(missing)}")
    half_done = folder.with_name(f"{folder.name}-{uuid4().hex[:8]}")
    half_done.mkdir(parents=True)
    for jar in jars:
        shutil.copyfile(found[jar.sha256], half_done / jar.file_name)
    if folder.exists():
        shutil.rmtree(folder)
    half_done.rename(folder)


@contextmanager
def _reported(jars: list[Jar]) -> Iterator[None]:
    """Say every few seconds how far it is. `jgo` puts jars where Maven does."""
    given = os.environ.get("M2_REPO")
    maven = Path(given) if given else Path.home() / ".m2" / "repository"
    files = [maven / jar.maven_path for jar in jars]
    over = threading.Event()

    def say() -> None:
        while not over.wait(SAY_SECONDS):
            print(progress(files), flush=True)

    speaker = threading.Thread(target=say, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        over.set()
        speaker.join()


def progress(files: Sequence[Path]) -> str:
    """How many of them are there."""
    there = [file for file in files if file.is_file()]
    size = sum(file.stat().st_size for file in there) / 1_000_000
    last = max(there, key=lambda file: file.stat().st_mtime, default=None)
    name = f", last {last.name}" if last is not None else ""
    return f"  {len(there)} of {len(files)} jars, {size:.0f} MB{name}"


def write_lock() -> int:
    """Resolve anew and write down what was found; how many jars that is."""
    found = sorted(jar.coordinates + " sha256:" + jar.sha256 for jar, _ in _resolve(_jgo_cache()))
    LOCK.write_text(_HEADER + "\n".join(found) + "\n", encoding="utf-8")
    return len(found)


def _resolve(cache: Path) -> list[tuple[Jar, Path]]:
    """What `jgo` finds: each jar and its file."""
    # Imported here: only the first start needs them. `truststore` makes downloads trust what the
    # machine trusts (a company's proxy), where `requests` would know only certifi's list.
    import jgo
    import truststore

    truststore.inject_into_ssl()
    found: dict[str, tuple[Jar, Path]] = {}
    try:
        for coordinates in WANTED:
            environment = jgo.build(coordinates, update=True, cache_dir=cache)
            for artifact, jar, file in _jars_in(Path(environment.path)):
                found.setdefault(artifact, (jar, file))
    except Exception as error:  # any failure of a download ends the same way
        raise CannotStart(f"Kafka's jars cannot be fetched: {error}") from error
    finally:
        truststore.extract_from_ssl()
    return list(found.values())


def _jars_in(folder: Path) -> Iterator[tuple[str, Jar, Path]]:
    """The jars of an environment that `jgo` built, by group and artifact."""
    locked = tomllib.loads((folder / "jgo.lock.toml").read_text(encoding="utf-8"))
    files = {file.name: file for file in folder.rglob("*.jar")}
    for jar in locked["dependencies"]:
        artifact = f"{jar['groupId']}:{jar['artifactId']}"
        file = files[f"{jar['artifactId']}-{jar['version']}.jar"]
        yield artifact, Jar(f"{artifact}:{jar['version']}", _sha256(file) or ""), file
