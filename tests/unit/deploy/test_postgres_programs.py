"""PostgreSQL's own programs: which is used, and what it is told of an encrypted way."""

import ssl
from pathlib import Path

import pytest

from deploy.local.errors import CannotStart
from deploy.recovery import programs

PLAIN = "postgresql://u:hush@127.0.0.1/d"
TLS = "postgresql://u:hush@db.example/d?sslmode=verify-full"
HERE = "/etc/authorities.pem"


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 18.1'\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    return program


def test_the_local_modes_own_has_no_tls(on_path: Path) -> None:
    assert programs.find("pg_dump", 18, TLS) == on_path
    assert programs.find("pg_dump", 18, PLAIN) != on_path
    on_path.unlink()
    with pytest.raises(CannotStart, match=r"pg_dump of PostgreSQL 18 .* has no TLS"):
        programs.find("pg_dump", 18, TLS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sslmode=verify-full", f"sslmode=verify-full&sslrootcert={HERE}"),
        ("sslmode=verify-ca", f"sslmode=verify-ca&sslrootcert={HERE}"),
        ("sslmode=verify-ca&sslrootcert=system", f"sslmode=verify-ca&sslrootcert={HERE}"),
        ("sslmode=verify-full&sslrootcert=/mine.pem", "sslmode=verify-full&sslrootcert=/mine.pem"),
        ("sslmode=require", "sslmode=require"),
        ("sslmode=disable", "sslmode=disable"),
        ("", ""),
    ],
)
async def test_it_trusts_whom_the_services_trust(
    query: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ssl.get_default_verify_paths()._replace(cafile=HERE)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: known)
    said = tmp_path / "said"
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$2 $PGPASSWORD" > {said}\n')
    program.chmod(0o700)
    await programs.run(program, url=f"postgresql://u:hush@db.example/d?{query}".rstrip("?"))
    told = f"postgresql://u@db.example/d?{expected}".rstrip("?")
    assert said.read_text() == f"{told} hush\n"
