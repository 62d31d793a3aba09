"""Segmentation's settings: what is needed, and a bad policy stops the start in plain words."""

from pathlib import Path

import pytest

from services.segmentation.settings import Settings
from shared.process.settings import BadSetting

DATABASE = "postgresql://user:secret@localhost/recoup"
LOCAL = {
    "RECOUP_LOCAL": "1",
    "SEGMENTATION_DATABASE_URL": DATABASE,
    "LEDGER_DATABASE_URL": DATABASE,
    "OUTREACH_DATABASE_URL": DATABASE,
}


def test_the_default_policy_is_used_and_no_password_is_shown() -> None:
    settings = Settings.from_env(LOCAL)
    assert settings.policy.version.startswith("default-")
    assert set(settings.producer_urls) == {"ledger", "outreach"}
    assert "secret" not in repr(settings)


def test_with_kafka_no_producers_database_is_needed() -> None:
    env = {
        "RECOUP_LOCAL": "1",
        "SEGMENTATION_DATABASE_URL": DATABASE,
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    }
    assert Settings.from_env(env).producer_urls == {}


def test_without_kafka_the_producers_databases_are_needed() -> None:
    with pytest.raises(BadSetting, match="LEDGER_DATABASE_URL"):
        Settings.from_env({**LOCAL, "LEDGER_DATABASE_URL": ""})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name: x", "/risk required"),
        (b"name: [", "not YAML"),
        (b"\xff", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_policy_stops_the_start(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadSetting, match=words) as caught:
        Settings.from_env({**LOCAL, "SEGMENTATION_POLICY": str(path)})
    assert caught.value.name == "SEGMENTATION_POLICY"
