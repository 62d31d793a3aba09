"""The shared look: the contrast of every pair of docs/dashboard.md, computed from the file."""

import re
from typing import Literal

import pytest

from shared.web.assets import DESIGN

Scheme = Literal["light", "dark"]
TEXT, MARK = 4.5, 3.0

# What stands on what: text, and what is no text but must be seen.
TEXTS = [
    *((ink, ground) for ink in ("ink", "soft", "accent", "good", "warn", "bad", "info")
      for ground in ("card", "page")),
    *((kind, f"{kind}-wash") for kind in ("good", "warn", "bad", "info")),
    ("accent", "accent-wash"),
    ("on-accent", "accent"),
]  # fmt: skip
MARKS = [
    *(("field", ground) for ground in ("card", "page")),
    *((mark, "card") for mark in ("second", "third", "fourth")),
    *((f"age-{at}", "card") for at in range(6)),
]
# As docs/dashboard.md lists them, on card and on page.
LISTED = {
    "light": {
        ("ink", "card"): 16.59, ("ink", "page"): 15.28, ("soft", "card"): 6.33,
        ("soft", "page"): 5.83, ("accent", "card"): 6.16, ("accent", "page"): 5.67,
        ("on-accent", "accent"): 6.16, ("good", "card"): 6.56, ("good", "good-wash"): 5.77,
        ("warn", "card"): 6.92, ("warn", "warn-wash"): 6.28, ("bad", "card"): 6.57,
        ("bad", "bad-wash"): 5.75, ("info", "card"): 7.54, ("info", "info-wash"): 6.49,
        ("field", "card"): 3.32, ("field", "page"): 3.06,
    },
    "dark": {
        ("ink", "card"): 14.71, ("ink", "page"): 16.12, ("soft", "card"): 7.48,
        ("soft", "page"): 8.19, ("accent", "card"): 9.01, ("accent", "page"): 9.87,
        ("on-accent", "accent"): 9.05, ("good", "card"): 9.13, ("good", "good-wash"): 8.23,
        ("warn", "card"): 12.11, ("warn", "warn-wash"): 10.45, ("bad", "card"): 8.33,
        ("bad", "bad-wash"): 7.94, ("info", "card"): 8.96, ("info", "info-wash"): 8.24,
        ("field", "card"): 4.28, ("field", "page"): 4.68,
    },
}  # fmt: skip


def tokens(scheme: Scheme) -> dict[str, str]:
    text = (DESIGN / "tokens.css").read_text("utf-8")
    light, _, rest = text.partition("@media (prefers-color-scheme: dark)")
    dark = rest.partition("@media")[0]
    found = _colours(light)
    return found | _colours(dark) if scheme == "dark" else found


def _colours(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", text))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_and_every_mark_seen(scheme: Scheme) -> None:
    colours = tokens(scheme)
    found = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in (*TEXTS, *MARKS)}
    assert [pair for pair in TEXTS if found[pair] < TEXT] == []
    assert [pair for pair in MARKS if found[pair] < MARK] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_listed_contrasts_are_those_of_the_file(scheme: Scheme) -> None:
    colours = tokens(scheme)
    found = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in LISTED[scheme]
    }
    assert found == LISTED[scheme]


@pytest.mark.parametrize("name", ["components.css"])
def test_parts_take_their_colours_from_the_tokens(name: str) -> None:
    text = (DESIGN / name).read_text("utf-8")
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", text))
    defined = set(re.findall(r"--([a-z0-9-]+):", (DESIGN / "tokens.css").read_text("utf-8")))
    assert used <= defined
