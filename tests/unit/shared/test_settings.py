"""What the environment may say, and how a wrong word is told."""

from typing import Any

import pytest

from shared.process.settings import BadSetting, Common, Env

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
