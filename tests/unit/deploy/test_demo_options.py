"""What `make demo` can be asked, and how it says that it can't."""

from pathlib import Path

import pytest

from deploy.demo.options import Options
from shared.process.settings import BadSetting


def test_without_anything_it_is_the_default_demo() -> None:
    assert Options.from_env({}) == Options(seed=1, days=None, accounts=500)


def test_every_option_is_taken(tmp_path: Path) -> None:
    data, mapping, report = tmp_path / "d.csv", tmp_path / "m.yaml", tmp_path / "r.json"
    data.touch()
    mapping.touch()
    options = Options.from_env(
        {
            "SEED": "7",
            "DAYS": "60",
            "ACCOUNTS": "20",
            "DATA": str(data),
            "MAPPING": str(mapping),
            "REPORT": str(report),
            "KAFKA": "1",
            "KEEP": "1",
        }
    )
    assert options == Options(7, 60, 20, data, mapping, report, kafka=True, keep=True)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"SEED": "seven"}, "SEED"),
        ({"DAYS": "0"}, "DAYS"),
        ({"ACCOUNTS": "-1"}, "ACCOUNTS"),
        ({"KAFKA": "maybe"}, "KAFKA"),
        ({"DATA": "/nowhere/file.csv"}, "DATA"),
        ({"DATA": __file__}, "MAPPING"),
        ({"MAPPING": __file__}, "DATA"),
        ({"REPORT": "/nowhere/at/all/r.json"}, "REPORT"),
    ],
)
def test_a_wrong_option_is_named(given: dict[str, str], name: str) -> None:
    with pytest.raises(BadSetting) as refused:
        Options.from_env(given)
    assert refused.value.name == name
