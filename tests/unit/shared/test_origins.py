"""Origins of pages, as a setting lists them."""

import pytest

from shared.process.settings import BadSetting, Env


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ()),
        ("https://a.example", ("https://a.example",)),
        (
            " https://a.example , http://b.example:8080,https://a.example,",
            ("https://a.example", "http://b.example:8080"),
        ),
    ],
)
def test_origins_are_listed_exactly(given: str, expected: tuple[str, ...]) -> None:
    assert Env({"METRICS_CORS_ORIGINS": given}).origins("METRICS_CORS_ORIGINS") == expected


@pytest.mark.parametrize(
    "given",
    [
        "*",
        "null",
        "a.example",
        "https://a.example/",
        "https://a.example/x",
        "https://A.example",
        "https://*.example",
        "https://u@a.example",
        "https://a.example:443",
        "http://a.example:80",
        "https://a.example:99999",
        "ftp://a.example",
        "https://a.example https://b.example",
    ],
)
def test_what_is_no_origin_is_refused(given: str) -> None:
    with pytest.raises(BadSetting, match="METRICS_CORS_ORIGINS names"):
        Env({"METRICS_CORS_ORIGINS": given}).origins("METRICS_CORS_ORIGINS")
