"""The portal's words, what it makes of refusals and holds, and whose page sends a request."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.channels.domain.amounts import notation
from services.outreach.portal.domain import refusals
from services.outreach.portal.domain.holds import KINDS, hold_of
from services.outreach.portal.domain.origins import is_own, network_of
from services.outreach.portal.domain.words import LANGUAGES, read_words
from shared.errors import Invalid
from tests.unit.outreach.builders import FOLDER, PORTAL_WORDS

TODAY = date(2026, 3, 3)
# No word of shame, and no pressure.
SHAME = {
    "en": (
        "debtor",
        "delinquent",
        "default",
        "demand",
        "failure",
        "final",
        "immediately",
        " must ",
    ),
    "de": ("schuldner", "mahnung", "sofort", "pflicht", "unverzüglich", "verzug"),
    "fr": ("débiteur", "immédiat", "mise en demeure", "défaut", "devez"),
    "es": ("deudor", "moroso", "inmediat", "impago", "debe "),
}


def test_every_language_says_everything() -> None:
    assert PORTAL_WORDS.languages == LANGUAGES
    for kind in KINDS:
        assert PORTAL_WORDS.has(f"hold-{kind}")


def test_a_word_that_is_missing_is_told() -> None:
    texts = {p.name: p.read_text("utf-8") for p in (FOLDER / "portal" / "words").glob("*.yaml")}
    texts["fr.yaml"] = texts["fr.yaml"].replace("{figure} au plus", "beaucoup", 1)
    texts["es.yaml"] = texts["es.yaml"].replace("left:", "gone-away:", 1)
    with pytest.raises(Invalid) as raised:
        read_words(texts)
    assert {error.pointer for error in raised.value.errors} == {"/fr", "/es"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_shames_or_shouts(language: str) -> None:
    for name, text in PORTAL_WORDS.texts[language].items():
        assert not [word for word in SHAME[language] if word in f" {text.lower()} "], name
        assert "!" not in text, name


@given(
    st.dictionaries(
        st.sampled_from(["because", "most_minor", "latest_on", "errors", "max_count", "x"]),
        st.none()
        | st.integers()
        | st.text(max_size=20)
        | st.lists(st.text(max_size=5), max_size=2)
        | st.lists(st.dictionaries(st.just("pointer"), st.text(max_size=20)), max_size=3),
    ),
    st.sampled_from(LANGUAGES),
    st.sampled_from([403, 404, 409, 412, 422]),
)
@settings(max_examples=100)
def test_whatever_the_ledger_answers_there_are_words(
    problem: dict[str, object], language: str, status: int
) -> None:
    """And none of them is the ledger's."""
    problem = {**problem, "detail": "SECRET", "note": "SECRET"}
    written = notation(language, "DE")
    words = refusals.problem_words(status, problem, PORTAL_WORDS, language)
    faults = refusals.field_faults(problem, "EUR", PORTAL_WORDS, language, written)
    assert words
    assert faults
    told = [words, *(fault.detail for fault in faults), str(refusals.figures_of(problem))]
    assert "SECRET" not in str(told)


def test_a_hold_counts_on_its_days_alone_the_strictest_first() -> None:
    def hold(kind: str, **more: str | None) -> dict[str, str | None]:
        return {"kind": kind, "state": "placed", "from_on": "2026-03-01", **more}

    assert hold_of([hold("attorney"), hold("bankruptcy")], {}, TODAY) == "bankruptcy"
    assert hold_of([hold("fraud", from_on="2026-03-04")], {}, TODAY) is None
    assert hold_of([hold("fraud", until_on="2026-03-02")], {}, TODAY) is None
    assert hold_of([hold("fraud", state="released")], {}, TODAY) is None
    assert hold_of([hold("hardship")], {}, TODAY) is None, "who has it hard may still look"


@pytest.mark.parametrize(
    ("wishes", "kind"),
    [
        ({"deceased": True}, "deceased"),
        ({"attorney": {"since": "2026-01-01T00:00:00Z"}}, "attorney"),
        ({"cease_requested_at": "2026-01-01T00:00:00Z"}, "cease"),
        ({"bankruptcy_filed_at": "2026-01-01T00:00:00Z"}, "bankruptcy"),
        (
            {
                "bankruptcy_filed_at": "2026-01-01T00:00:00Z",
                "bankruptcy_discharged_at": "2026-02-01T00:00:00Z",
            },
            None,
        ),
        ({"breathing_space_from": "2026-02-01"}, "breathing-space"),
        (
            {"breathing_space_from": "2026-02-01", "breathing_space_ended_on": "2026-03-01"},
            None,
        ),
        ({"vulnerable": True}, None),
        ({}, None),
    ],
)
def test_what_we_were_told_is_a_hold_too(wishes: dict[str, object], kind: str | None) -> None:
    assert hold_of([], wishes, TODAY) == kind


def test_pages_of_others_are_known_by_what_browsers_say() -> None:
    hosts = {"pay.example.com"}
    assert is_own(None, None, hosts), "a program"
    assert is_own("same-origin", "https://pay.example.com", hosts)
    assert is_own("none", None, hosts)
    for site, origin in (
        ("cross-site", None),
        ("same-site", "https://pay.example.com"),
        (None, "https://evil.example"),
        (None, "https://pay.example.com.evil.example"),
        (None, "null"),
        (None, "https://[bad"),
    ):
        assert not is_own(site, origin, hosts), (site, origin)


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "found"),
    [
        ("10.0.0.1", "203.0.113.9", 0, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", 1, "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", 1, "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", 2, "203.0.113.9"),
        ("10.0.0.1", "nonsense", 1, "10.0.0.1"),
        ("10.0.0.1", None, 1, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", None, 0, "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", None, 0, "203.0.113.9"),
    ],
)
def test_from_which_network(peer: str, forwarded: str | None, proxies: int, found: str) -> None:
    assert network_of(peer, forwarded, proxies) == found
