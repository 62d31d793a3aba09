"""`make run` names every setting that is wrong at once, before it starts anything."""

import pytest

from deploy.local import __main__ as launcher
from deploy.local import configuration
from shared.process.settings import BadSetting

WRONG = {
    "RECOUP_CLOCK": "stopped",
    "RECOUP_PORT_BASE": "abc",
    "RECOUP_METRICS_PORT": "-1",
    "RECOUP_POSTGRES_URL": "mysql://elsewhere",
    "RECOUP_HOST": "0.0.0.0",  # noqa: S104 - it is refused
    "OUTREACH_SMTP_URL": "ftp://mail",
    "LEDGER_UNDO_FACTS": "-1",
    "RECOUP_OUTBOX_KEEPDAYS": "3",
}


def test_all_of_them_at_once_each_once() -> None:
    with pytest.raises(BadSetting) as caught:
        configuration.check(WRONG, with_kafka=False)
    assert sorted(fault.name for fault in caught.value.faults) == sorted(WRONG)


def test_without_kafka_its_settings_are_nobodys() -> None:
    given = {"KAFKA_BOOTSTRAP_SERVERS": "nonsense"}
    configuration.check(given, with_kafka=False)
    with pytest.raises(BadSetting, match="KAFKA_BOOTSTRAP_SERVERS"):
        configuration.check(given, with_kafka=True)


def test_each_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in WRONG.items():
        monkeypatch.setenv(name, value)
    assert launcher.main([]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(WRONG)
    assert all(line.startswith("Recoup: ") for line in lines)
