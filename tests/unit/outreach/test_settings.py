"""Settings of outreach."""

from pathlib import Path

import pytest

from services.outreach.settings import Settings
from shared.process.settings import BadSetting

GOOD = {
    "RECOUP_LOCAL": "1",
    "RECOUP_DEV_KEY": "a-development-key",
    "OUTREACH_DATABASE_URL": "postgresql://u:p@localhost/recoup_outreach",
    "LEDGER_DATABASE_URL": "postgresql://u:p@localhost/recoup_ledger",
    "SEGMENTATION_DATABASE_URL": "postgresql://u:p@localhost/recoup_segmentation",
    "METRICS_DATABASE_URL": "postgresql://u:p@localhost/recoup_metrics",
}


def test_the_defaults_ship_strategies_and_no_channel() -> None:
    settings = Settings.from_env(GOOD)
    assert settings.mail_server is None
    assert settings.ledger_url == "http://127.0.0.1:8001"
    assert {pack.name for pack in settings.packs} >= {"consumer-retail", "business-trade-credit"}


def test_passwords_are_not_shown() -> None:
    settings = Settings.from_env({**GOOD, "OUTREACH_SMTP_URL": "smtp://u:hidden@mail.example:25"})
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OUTREACH_SMTP_URL", "http://mail.example"),
        ("OUTREACH_MAIL_FROM", "not an address"),
        ("OUTREACH_STRATEGIES", "/nowhere"),
        ("OUTREACH_TEMPLATES", "/nowhere"),
        ("OUTREACH_RULEBOOKS", "/nowhere"),
        ("OUTREACH_RESIDENCE_DEFAULT", "Germany"),
        ("OUTREACH_DATABASE_URL", ""),
        ("OUTREACH_LETTERS_DIR", "/nowhere"),
        ("OUTREACH_LINK_KEYS", "1:c2hvcnQ="),
        ("OUTREACH_PUBLIC_URL", "http://pay.example.com"),
        ("OUTREACH_PUBLIC_URL", "pay.example.com"),
    ],
)
def test_a_wrong_value_stops_the_start_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.from_env({**GOOD, name: value})


def test_what_signs_links_is_made_of_the_dev_key_locally_and_demanded_elsewhere() -> None:
    local = Settings.from_env(GOOD).links
    assert local == Settings.from_env(GOOD).links
    assert local != Settings.from_env({**GOOD, "RECOUP_DEV_KEY": "another-dev-key-x"}).links
    assert local.public_url == "http://127.0.0.1:8003"
    elsewhere = {k: v for k, v in GOOD.items() if k not in ("RECOUP_LOCAL", "RECOUP_DEV_KEY")}
    with pytest.raises(BadSetting) as caught:
        Settings.from_env(elsewhere)
    assert {"OUTREACH_LINK_KEYS", "OUTREACH_PUBLIC_URL"} <= {f.name for f in caught.value.faults}


def test_a_strategy_that_does_not_fit_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("name: x\nkind: consumer\nversion: '1'\nsteps: []\n")
    with pytest.raises(BadSetting, match="OUTREACH_STRATEGIES"):
        Settings.from_env({**GOOD, "OUTREACH_STRATEGIES": str(tmp_path)})


def test_the_platform_brings_its_rule_books() -> None:
    books = {shipped.name: shipped.content for shipped in Settings.from_env(GOOD).rulebooks}
    assert books["us-federal"].klass == "law"
    assert books["house-policy"].klass == "policy"


def test_a_book_that_does_not_fit_stops_the_start_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("name: one\nclass: rumour\n")
    with pytest.raises(BadSetting, match=r"OUTREACH_RULEBOOKS holds one\.yaml.*line 2"):
        Settings.from_env({**GOOD, "OUTREACH_RULEBOOKS": str(tmp_path)})


def test_only_the_local_mode_takes_a_residence_for_granted(tmp_path: Path) -> None:
    assert Settings.from_env(GOOD).residence_default == "IS"
    given = {**GOOD, "OUTREACH_RESIDENCE_DEFAULT": "de"}
    assert Settings.from_env(given).residence_default == "DE"
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": []}')
    elsewhere = {
        **{name: value for name, value in GOOD.items() if not name.startswith("RECOUP_")},
        "RECOUP_JWKS": str(keys),
        "RECOUP_SERVICE_TOKEN": "t",
        "LEDGER_URL": "https://ledger.example",
        "OUTREACH_LINK_KEYS": f"1:{'ab' * 22}",
        "OUTREACH_PUBLIC_URL": "https://pay.example.com/",
    }
    assert Settings.from_env(elsewhere).links.public_url == "https://pay.example.com"
    assert Settings.from_env(elsewhere).residence_default is None
