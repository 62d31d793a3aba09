"""Logs hold no secrets and no personal data; figures are each service's own."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from shared.process import telemetry


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines_of(captured: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


@pytest.mark.usefixtures("restored_logging")
def test_a_line_is_json_with_request_tenant_and_service(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("ledger")
    id_token = telemetry.request_id.set("r-1")
    tenant_token = telemetry.tenant.set("demo")
    telemetry.logger("a.module").info("hello", count=3)
    telemetry.request_id.reset(id_token)
    telemetry.tenant.reset(tenant_token)
    telemetry.logger("a.module").debug("not shown")
    (line,) = lines_of(capsys)
    assert line.pop("timestamp")
    assert line == {
        "event": "hello",
        "count": 3,
        "level": "info",
        "module": "a.module",
        "service": "ledger",
        "request_id": "r-1",
        "tenant": "demo",
    }


@pytest.mark.usefixtures("restored_logging")
def test_secrets_and_personal_data_are_blanked(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("outreach")
    try:
        raise ValueError("Key (email)=(ada@example.com) already exists")
    except ValueError:
        telemetry.logger(__name__).exception(
            "sending to ada@example.com with Bearer abc.def failed",
            authorization="Bearer abc.def",
            contact={"email": "ada@example.com", "phones": ["+49 30 1234567"], "id": "C1"},
            url="smtp://user:hush@mail.example.com:25",
            note="call +49 30 1234567",
            account_id="C1",
        )
    logging.getLogger("uvicorn.error").error("postgresql://u:hush@db:5432/x is away")
    text = capsys.readouterr().err
    for hidden in ("ada@example.com", "abc.def", "hush", "1234567"):
        assert hidden not in text
    first, second = (json.loads(line) for line in text.splitlines())
    assert first["contact"] == {"email": "[redacted]", "phones": "[redacted]", "id": "C1"}
    assert first["account_id"] == "C1"
    assert "ValueError" in first["exception"]
    assert second["level"] == "error"


@pytest.mark.usefixtures("restored_logging")
def test_uvicorns_own_access_lines_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("ledger")
    logging.getLogger("uvicorn.access").info("GET /")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("restored_logging")
def test_debug_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("ledger", level="debug")
    assert telemetry.is_debug()
    telemetry.logger(__name__).debug("shown")
    assert lines_of(capsys)[0]["event"] == "shown"
    telemetry.configure_logging("ledger")
    assert not telemetry.is_debug()


def test_a_service_shows_only_its_own_figures() -> None:
    telemetry.CONTACTS.labels("test-a", "email", "sent").inc(2)
    telemetry.CONTACTS.labels("test-b", "email", "sent").inc(5)
    families = text_string_to_metric_families(telemetry.exposition("test-a").decode())
    seen = {
        sample.labels["service"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "recoup_contacts_total"
    }
    assert seen == {"test-a": 2.0}


def test_every_figure_has_a_service_and_is_ours() -> None:
    for metric in telemetry.METRICS:
        assert metric._labelnames[0] == "service"
        assert metric._name.startswith("recoup_")
    declared = {
        value for value in vars(telemetry).values() if isinstance(value, telemetry.METRIC_TYPES)
    }
    assert declared == set(telemetry.METRICS)


# Values that are few and known beforehand, and say nothing about who is served.
OPEN_LABELS = {
    "service", "method", "route", "status", "door", "result", "topic", "consumer", "channel",
    "outcome", "job", "part", "target", "figure",
    "state", "rate",
}  # fmt: skip


def test_no_figure_names_a_tenant_an_account_or_a_version() -> None:
    """`/metrics` asks for no token, so it says nothing that one would be needed for."""
    for metric in telemetry.METRICS:
        assert set(metric._labelnames) <= OPEN_LABELS, metric._name
