"""What the environment may say, and how a wrong word is told."""

import re
import subprocess
import sys
from typing import Any

import pytest

from shared.process import variables
from shared.process.settings import BadSetting, Common, Env
from shared.process.start import EXIT_SETTINGS
from tests.architecture.files import ROOT

LOCAL = {"RECOUP_LOCAL": "1"}
CLUSTER = {
    "RECOUP_JWKS": "https://idp.example.com/jwks.json",
    "RECOUP_JWT_AUDIENCE": "recoup",
    "RECOUP_JWT_ISSUER": "https://idp.example.com/",
}
DEV_KEY = "0123456789abcdef"


def test_local_mode_needs_nothing() -> None:
    common = Common.from_env(LOCAL)
    assert common.local
    assert (common.clock, common.port_base, common.kafka) == ("system", 8001, None)
    assert common.default_tenant == "demo"
    assert [common.port(name) for name in ("ledger", "segmentation", "outreach", "metrics")] == [
        8001,
        8002,
        8003,
        8004,
    ]


def test_the_dev_key_is_the_service_token_in_local_mode() -> None:
    assert Common.from_env({**LOCAL, "RECOUP_DEV_KEY": DEV_KEY}).service_token == DEV_KEY
    given = {**LOCAL, "RECOUP_DEV_KEY": DEV_KEY, "RECOUP_SERVICE_TOKEN": "other"}
    assert Common.from_env(given).service_token == "other"


def test_a_cluster_has_no_default_tenant_and_no_secret_by_default() -> None:
    common = Common.from_env(CLUSTER)
    assert not common.local
    assert (common.default_tenant, common.dev_key, common.service_token) == (None, None, None)


@pytest.mark.parametrize(
    ("values", "name", "reason"),
    [
        ({}, "RECOUP_JWKS", "is not set"),
        ({**CLUSTER, "RECOUP_DEV_KEY": DEV_KEY}, "RECOUP_DEV_KEY", "local mode only"),
        ({**LOCAL, "RECOUP_DEV_KEY": "short"}, "RECOUP_DEV_KEY", "at least 16"),
        ({"RECOUP_LOCAL": "perhaps"}, "RECOUP_LOCAL", "can be 1 or 0"),
        ({**LOCAL, "RECOUP_CLOCK": "stopped"}, "RECOUP_CLOCK", "system or manual"),
        ({**LOCAL, "RECOUP_PORT_BASE": "http"}, "RECOUP_PORT_BASE", "not a whole number"),
        ({**LOCAL, "RECOUP_PORT_BASE": "65533"}, "RECOUP_PORT_BASE", "between 1 and 65532"),
        ({**LOCAL, "RECOUP_OUTBOX_KEEP_DAYS": "-1"}, "RECOUP_OUTBOX_KEEP_DAYS", "between"),
        ({**LOCAL, "RECOUP_LOG_LEVEL": "loud"}, "RECOUP_LOG_LEVEL", "debug or info"),
        ({**LOCAL, "RECOUP_JWKS": "ftp://keys"}, "RECOUP_JWKS", "https://"),
        ({**LOCAL, "RECOUP_JWKS": "https://"}, "RECOUP_JWKS", "no host"),
        ({**CLUSTER, "RECOUP_JWT_AUDIENCE": ""}, "RECOUP_JWT_AUDIENCE", "is not set"),
        ({**CLUSTER, "RECOUP_JWT_ISSUER": " "}, "RECOUP_JWT_ISSUER", "is not set"),
        ({**CLUSTER, "RECOUP_SESSION_SECRET": "short"}, "RECOUP_SESSION_SECRET", "at least 32"),
        ({**CLUSTER, "RECOUP_PUBLIC_HOSTS": "a b"}, "RECOUP_PUBLIC_HOSTS", "not a host"),
        ({**CLUSTER, "RECOUP_HSTS_DAYS": "-1"}, "RECOUP_HSTS_DAYS", "between"),
        ({**LOCAL, "RECOUP_HOST": "192.0.2.1"}, "RECOUP_HOST", "127.0.0.1 only"),
        ({**LOCAL, "RECOUP_HOST": "127.0.0.2"}, "RECOUP_HOST", "127.0.0.1 only"),
        ({**LOCAL, "RECOUP_HOST": "::"}, "RECOUP_HOST", "127.0.0.1 only"),
        (
            {**LOCAL, "KAFKA_BOOTSTRAP_SERVERS": "a:9092,b"},
            "KAFKA_BOOTSTRAP_SERVERS",
            "'b', which is not host:port",
        ),
    ],
)
def test_a_wrong_value_is_told_by_name_and_reason(
    values: dict[str, str], name: str, reason: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        Common.from_env(values)
    assert caught.value.name == name
    assert str(caught.value).startswith(name)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "is not set"),
        ("mysql://u:hush@h/d", "postgresql://"),
        ("postgresql:///d", "no host"),
        ("postgresql://u:hush@h:5432", "no database"),
        ("postgresql://u:hush@h:port/d", "not a URL"),
    ],
)
def test_a_database_has_no_default_and_its_password_is_never_repeated(
    url: str, reason: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        Env({"LEDGER_DATABASE_URL": url}).database("ledger")
    assert reason in str(caught.value)
    assert "hush" not in str(caught.value)


def test_secrets_do_not_show() -> None:
    shown = repr(
        Common.from_env({**LOCAL, "RECOUP_DEV_KEY": DEV_KEY, "RECOUP_SERVICE_TOKEN": "hush-hush"})
    )
    assert DEV_KEY not in shown
    assert "hush" not in shown


def test_a_peer_is_on_this_machine_unless_told() -> None:
    common = Common.from_env({**LOCAL, "RECOUP_PORT_BASE": "9001"})
    assert Env({}).peer("metrics", common) == "http://127.0.0.1:9004"
    assert Env({"LEDGER_URL": "https://ledger/"}).peer("ledger", common) == "https://ledger"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("ON", True), ("no", False), (" ", None)])
def test_flags(text: str, value: Any) -> None:
    assert Env({"X": text}).flag("X", default=True) == (value is None or value)


ELSEWHERE = {**CLUSTER, "KAFKA_BOOTSTRAP_SERVERS": "k1.example:9093,k2.example:9093"}
SIGN_IN = {"KAFKA_SASL_USERNAME": "ledger", "KAFKA_SASL_PASSWORD": "hush"}


@pytest.mark.parametrize(
    ("values", "name", "reason"),
    [
        (ELSEWHERE, "KAFKA_SECURITY_PROTOCOL", "must be said"),
        (
            {**ELSEWHERE, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092,k.example:9092"},
            "KAFKA_SECURITY_PROTOCOL",
            "must be said",
        ),
        (
            {**ELSEWHERE, "KAFKA_SECURITY_PROTOCOL": "TLS"},
            "KAFKA_SECURITY_PROTOCOL",
            "PLAINTEXT or SSL or SASL_SSL",
        ),
        (
            {**ELSEWHERE, "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", **SIGN_IN},
            "KAFKA_SASL_MECHANISM",
            "SASL_SSL needs it",
        ),
        (
            {
                **ELSEWHERE,
                **SIGN_IN,
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_SASL_MECHANISM": "GSSAPI",
            },
            "KAFKA_SASL_MECHANISM",
            "PLAIN or SCRAM-SHA-256",
        ),
        (
            {
                **ELSEWHERE,
                **SIGN_IN,
                "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
                "KAFKA_SASL_MECHANISM": "PLAIN",
            },
            "KAFKA_SECURITY_PROTOCOL",
            "password in plain text",
        ),
        (
            {**ELSEWHERE, "KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SASL_PASSWORD": "hush"},
            "KAFKA_SASL_PASSWORD",
            "KAFKA_SECURITY_PROTOCOL is SSL",
        ),
        (
            {**ELSEWHERE, "KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CA_FILE": "/nowhere"},
            "KAFKA_SSL_CA_FILE",
            "/nowhere, which cannot be read",
        ),
        *(
            ({**ELSEWHERE, "KAFKA_BOOTSTRAP_SERVERS": servers}, "KAFKA_BOOTSTRAP_SERVERS", "host:")
            for servers in (
                "u:hush@k.example",
                "SASL_SSL://u:hush@k.example:9092",
                "PLAINTEXT://localhost:9092",
                "k.example:9092,",
                "k.example:9092;l.example:9092",
                "k.example:\uff19\uff10",
                "k.example:99999",
                "::1:9092",
            )
        ),
        (
            {**CLUSTER, "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
            "KAFKA_SECURITY_PROTOCOL",
            "no KAFKA_BOOTSTRAP_SERVERS",
        ),
        (
            {**CLUSTER, "KAFKA_SASL_PASSWORD": "hush"},
            "KAFKA_SASL_PASSWORD",
            "no KAFKA_BOOTSTRAP_SERVERS",
        ),
        ({"RECOUP_JWKS": "http://idp.example/jwks.json"}, "RECOUP_JWKS", "https://"),
        ({"RECOUP_JWKS": "https://u:hush@idp.example/jwks"}, "RECOUP_JWKS", "names a user"),
        ({"RECOUP_JWKS": "https://idp.example/jwks#1"}, "RECOUP_JWKS", "fragment"),
    ],
)
def test_nothing_goes_to_other_machines_in_plain_text_unless_it_is_said(
    values: dict[str, str], name: str, reason: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        Common.from_env(values)
    assert caught.value.name == name
    assert reason in caught.value.reason
    assert "hush" not in str(caught.value)


def test_plain_text_that_is_said_is_taken() -> None:
    for said in ({"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}, {"RECOUP_PRIVATE_NETWORK": "1"}):
        kafka = Common.from_env({**ELSEWHERE, **said}).kafka
        assert kafka is not None
        assert kafka.protocol == "PLAINTEXT"
    here = Common.from_env({**CLUSTER, "RECOUP_JWKS": "http://localhost:8080/jwks?policy=1"})
    assert here.jwks == "http://localhost:8080/jwks?policy=1"


def test_the_sign_in_to_kafka_is_every_clients() -> None:
    common = Common.from_env(
        {
            **ELSEWHERE,
            **SIGN_IN,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        }
    )
    assert common.kafka is not None
    given = common.kafka.arguments()
    assert given["security_protocol"] == "SASL_SSL"
    assert given["sasl_mechanism"] == "SCRAM-SHA-512"
    assert given["ssl_context"].check_hostname
    assert "hush" not in repr(common)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://ledger:8001", "RECOUP_PRIVATE_NETWORK=1"),
        ("https://u:hush@ledger", "names a user"),
        ("https://ledger?x=hush", "not understood"),
        ("https://ledger#hush", "fragment"),
    ],
)
def test_the_service_token_goes_nowhere_in_plain_text(url: str, reason: str) -> None:
    with pytest.raises(BadSetting, match="LEDGER_URL") as caught:
        Env({"LEDGER_URL": url}).peer("ledger", Common.from_env(LOCAL))
    assert reason in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_network_can_be_said_to_be_private() -> None:
    env = Env(
        {
            "RECOUP_PRIVATE_NETWORK": "1",
            "LEDGER_URL": "http://ledger:8001/",
            "LEDGER_DATABASE_URL": "postgresql://u:p@postgres/d",
        }
    )
    assert env.peer("ledger", Common.from_env(LOCAL)) == "http://ledger:8001"
    assert env.database("ledger") == "postgresql://u:p@postgres/d?sslmode=disable"


def test_a_reader_has_a_way_of_its_own_to_its_producers() -> None:
    both = {
        "LEDGER_DATABASE_URL": "postgresql://recoup_ledger@localhost/l",
        "METRICS_LEDGER_DATABASE_URL": "postgresql://recoup_metrics@localhost/l",
    }
    assert "recoup_metrics@" in Env(both).producer("metrics", "ledger")
    assert "recoup_ledger@" in Env(both).producer("outreach", "ledger")


def test_everything_wrong_is_told_at_once_a_line_each() -> None:
    with pytest.raises(BadSetting) as caught:
        Common.from_env(
            {"RECOUP_CLOCK": "stopped", "RECOUP_PORT_BASE": "x", "RECOUP_LOG_LEVLE": "info"}
        )
    lines = str(caught.value).splitlines()
    assert [line.split()[0] for line in lines] == [
        "RECOUP_JWKS", "RECOUP_CLOCK", "RECOUP_PORT_BASE", "RECOUP_LOG_LEVLE",
    ]  # fmt: skip
    assert lines[-1].endswith("RECOUP_LOG_LEVEL is")
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("RECOUP_OUTBOX_KEEPDAYS", "RECOUP_OUTBOX_KEEP_DAYS"),
        ("LEDGER_KAFKA_TENANT", "LEDGER_KAFKA_TENANTS"),
        ("OUTREACH_SMPT_URL", "OUTREACH_SMTP_URL"),
        ("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"),
        ("METRICS_DATABSE_URL", "METRICS_DATABASE_URL"),
        ("SEGMENTATION_POLICIES", "SEGMENTATION_POLICY"),
    ],
)
def test_a_misspelt_variable_stops_the_start(name: str, near: str) -> None:
    with pytest.raises(BadSetting, match=f"{name} is not a setting; {near} is"):
        Common.from_env({**LOCAL, name: "1"})


@pytest.mark.parametrize("name", ["RECOUP_REPO", "RECOUP_BUILD", "LEDGER_TEAM", "KAFKA_HEAP_OPTS"])
def test_a_variable_that_is_near_to_none_is_somebody_elses(name: str) -> None:
    Common.from_env({**LOCAL, name: "1"})


def test_what_engines_and_kafkas_own_tools_put_there_is_passed_over() -> None:
    Common.from_env(
        {
            **LOCAL,
            "LEDGER_PORT": "tcp://10.0.0.1:8001",
            "LEDGER_PORT_8001_TCP": "tcp://10.0.0.1:8001",
            "LEDGER_PORT_8001_TCP_ADDR": "10.0.0.1",
            "LEDGER_SERVICE_HOST": "10.0.0.1",
            "LEDGER_SERVICE_PORT_HTTP": "8001",
            "METRICS_SERVER_SERVICE_PORT": "443",
            "KAFKA_ENV_CLUSTER_ID": "x",
            "KAFKA_NAME": "/app/kafka",
            "KAFKA_HEAP_OPTS": "-Xmx1g",
        }
    )


def test_every_variable_in_the_code_is_known_and_every_known_one_is_explained() -> None:
    pattern = re.compile(r"\"((?:RECOUP|LEDGER|OUTREACH|SEGMENTATION|METRICS|KAFKA)_[A-Z_]+)\"")
    code = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "services").rglob("*.py")]
    used = {name for file in code for name in pattern.findall(file.read_text())}
    assert used <= variables.KNOWN
    pages = (ROOT / "docs/operations.md").read_text() + (ROOT / ".env.example").read_text()
    inside = {"RECOUP_CRASH_AT", "RECOUP_LOCAL", "RECOUP_SCREENSHOTS", "RECOUP_TEST_RUN"}
    for name in variables.KNOWN - inside:
        if not name.endswith("_DATABASE_URL"):
            assert name in pages, f"{name} is not explained"


def test_a_process_with_wrong_settings_says_so_in_lines_and_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.metrics.worker"],
        cwd=ROOT, env={"RECOUP_CLOCK": "stopped"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == EXIT_SETTINGS
    lines = done.stderr.splitlines()
    assert [line.split()[0] for line in lines] == [
        "RECOUP_JWKS", "RECOUP_CLOCK", "METRICS_DATABASE_URL", "LEDGER_DATABASE_URL",
        "SEGMENTATION_DATABASE_URL", "OUTREACH_DATABASE_URL",
    ]  # fmt: skip


def test_the_door_of_a_cluster_is_closed_by_default() -> None:
    door = Common.from_env(CLUSTER).door
    assert (door.host, door.cookie_secure, door.session_secret) == ("127.0.0.1", True, None)
    assert (door.audience, door.issuer) == ("recoup", "https://idp.example.com/")


def test_a_secret_of_the_door_is_never_shown() -> None:
    common = Common.from_env({**CLUSTER, "RECOUP_SESSION_SECRET": "hush" * 10})
    assert "hush" not in repr(common)


def test_locally_the_secret_of_sessions_changes_with_the_dev_key() -> None:
    one, two = (
        Common.from_env({**LOCAL, "RECOUP_DEV_KEY": key}).door.session_secret
        for key in (DEV_KEY, DEV_KEY[::-1])
    )
    assert one != two
    assert DEV_KEY not in str(one)
