"""What a person reads when all is there: an address a line, and where the key is."""

from pathlib import Path

from deploy.local import ready
from deploy.local.platform import all_services
from tests.architecture.files import ROOT

DATA = Path("/somewhere/var")


def said(**given: object) -> list[str]:
    options = {"workers_from": 0, "bootstrap": None, "links": {}, "new_key": None, **given}
    return [*ready.lines(all_services(8001), DATA, **options)]  # type: ignore[arg-type]


def test_one_address_a_line() -> None:
    lines = said(
        workers_from=8011, bootstrap="127.0.0.1:31234", links={"metrics": "http://x/?key=y"}
    )
    assert all(line.count("://") <= 1 for line in lines)
    for port in (8001, 8002, 8003, 8004, 8011, 8012, 8013, 8014):
        assert sum(f"http://127.0.0.1:{port} " in line for line in lines) == 1
    (broker,) = [line for line in lines if "Kafka" in line]
    assert "127.0.0.1:31234" in broker
    assert lines[-1].startswith("Recoup is ready")


def test_the_key_is_shown_once_and_its_place_always() -> None:
    assert any(
        f"{DATA}/dev-key  (secret, shown this once)" in line for line in said(new_key="secret")
    )
    (line,) = [line for line in said() if "dev-key" in line]
    assert line.endswith(f"{DATA}/dev-key")


def test_the_pages_link_the_others() -> None:
    dashboard = (ROOT / "services/metrics/dashboard/index.html").read_text()
    compliance = (ROOT / "services/outreach/page/index.html").read_text()
    assert 'href="/services"' in dashboard
    assert 'href="/services"' in compliance
