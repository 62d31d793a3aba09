"""The databases that operators' tools are pointed at: all of them or none, and in words."""

from pathlib import Path

import pytest

from deploy import backup, compare, dead_letters, holds, migrate, prepare, restore
from deploy.local import databases
from shared.process.settings import BadSetting

URL = "postgresql://u:hush@127.0.0.1:1/d"
ALL = {f"{service.upper()}_DATABASE_URL": URL for service in databases.SERVICES}


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*ALL, "RECOUP_POSTGRES_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path / "var"))


@pytest.mark.parametrize("main", [backup.main, compare.main, dead_letters.main, migrate.main])
def test_some_databases_without_the_others_are_none(
    main: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", URL)
    monkeypatch.setenv("OUTREACH_DATABASE_URL", "postgresql://u:hush@[::1/d")
    assert callable(main)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert "SEGMENTATION_DATABASE_URL is not set" in said
    assert "METRICS_DATABASE_URL is not set" in said
    assert "OUTREACH_DATABASE_URL is not a URL" in said
    assert "hush" not in said


def test_a_tool_for_two_services_needs_two_addresses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", URL)
    assert holds.main(["list"]) == 1
    assert capsys.readouterr().err.startswith("OUTREACH_DATABASE_URL is not set")


def test_a_restore_is_never_into_other_databases_than_were_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ALL.keys() - {"METRICS_DATABASE_URL"}:
        monkeypatch.setenv(name, URL)
    monkeypatch.setenv("METRICS_DATABASE_ULR", URL)
    assert restore.main(["--mark"]) == 1
    said = capsys.readouterr().err
    assert "METRICS_DATABASE_URL is not set" in said
    assert "METRICS_DATABASE_ULR is not a setting" in said
    assert not (tmp_path / "var").exists()


def test_a_restore_without_a_name_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        restore.main(["--from", ""])
    assert "make restore FROM=DIR" in capsys.readouterr().err


def test_preparing_tells_of_every_address_that_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, url in {**ALL, "LEDGER_DATABASE_URL": "postgresql://u:hush@[::1/d"}.items():
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("RECOUP_POSTGRES_URL", "postgresql://u:hush@[::1/d")
    assert prepare.main() == 1
    assert capsys.readouterr().err.splitlines() == [
        "cannot prepare: LEDGER_DATABASE_URL is not a URL",
        "cannot prepare: RECOUP_POSTGRES_URL is not a URL",
    ]


@pytest.mark.parametrize("url", ["postgresql://[::1", "mysql://u:hush@127.0.0.1/x", "127.0.0.1"])
def test_a_server_is_a_postgresql_server(url: str) -> None:
    with pytest.raises(BadSetting, match="RECOUP_POSTGRES_URL") as caught:
        databases.server_of({"RECOUP_POSTGRES_URL": url})
    assert "hush" not in str(caught.value)
