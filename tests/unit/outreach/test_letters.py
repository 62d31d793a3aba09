"""Letters as pages and batches: where the address stands, what a window holds, the same bytes."""

import io
import zipfile
from datetime import date
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.channels.domain.letter_batches import (
    PrintedLetter,
    batch_zip,
    number_of,
    read_manifest,
)
from services.outreach.channels.domain.letter_pages import (
    LetterFormat,
    LetterSender,
    LetterTooLong,
    letter_pdf,
)
from services.outreach.channels.domain.postal_addresses import (
    LINES_MAX,
    PostalAddress,
    envelope_lines,
    read_postal_address,
)

SENDER = LetterSender(
    "Bücher GmbH", ("Beispielstraße 12", "10115 Berlin"), "+49 30 1234567", "https://c.example"
)
ON = date(2027, 4, 9)
TO = ("Bärbel Müller", "Musterstr. 1", "Hinterhaus", "3. Stock", "20095 Hamburg", "DEUTSCHLAND")
TEXT = """Guten Tag,

Bitte zahlen Sie.

Offene Rechnungen
  R-1, fällig am 2. März 2027: 1.234,56 €
    davon Mahnkosten: 20,00 €
  Zu zahlen: 1.234,56 €

Mit freundlichen Grüßen
"""


def letter(text: str = TEXT, format_: LetterFormat = "A4", language: str = "de") -> bytes:
    made = letter_pdf(text, to=TO, sender=SENDER, on=ON, language=language, format_=format_)
    assert len(pypdf.PdfReader(io.BytesIO(made.content)).pages) == made.pages
    return made.content


def placed(content: bytes, page: int = 0) -> list[tuple[str, float, float]]:
    """Every piece of text with its place, in millimetres from the left and the top."""
    sheet = pypdf.PdfReader(io.BytesIO(content)).pages[page]
    height = float(sheet.mediabox.height)
    found: list[tuple[str, float, float]] = []

    def note(text: str, _cm: Any, tm: Any, _font: Any, _size: Any) -> None:
        if text.strip():
            found.append((text.strip(), tm[4] * 25.4 / 72, (height - tm[5]) * 25.4 / 72))

    sheet.extract_text(visitor_text=note)
    return found


@pytest.mark.parametrize(
    ("format_", "left", "right", "top", "bottom"),
    [
        ("A4", 20, 105, 45 + 17.7, 90),  # DIN 5008 form B, below the line of the sender
        ("US", 0.875 * 25.4, 5.375 * 25.4, 2.1 * 25.4, 3.16 * 25.4),  # of a #10 envelope
    ],
)
def test_the_address_stands_in_the_window(
    format_: LetterFormat, left: float, right: float, top: float, bottom: float
) -> None:
    found = {text: (x, y) for text, x, y in placed(letter(format_=format_))}
    for line in TO:
        x, y = found[line]
        assert left + 2 <= x <= right - 30, line
        assert top <= y - 3, line  # y is where the letters stand
        assert y + 1 <= bottom, line
    others = [(t, x, y) for t, x, y in placed(letter(format_=format_)) if t not in TO]
    assert not [t for t, x, y in others if x < right and top < y < bottom]


def test_who_sends_it_stands_above_the_address_and_at_the_right() -> None:
    found = {text: (x, y) for text, x, y in placed(letter())}
    x, y = found["Bücher GmbH · Beispielstraße 12 · 10115 Berlin"]
    assert 20 < x < 105
    assert 45 < y < 62.7
    assert found["Bücher GmbH"][0] == pytest.approx(125, abs=0.1)
    assert "9. April 2027" in found


def test_amounts_stand_under_each_other_at_the_right() -> None:
    content = letter()
    text = pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert "davon Mahnkosten" in text
    amounts = [(t, x) for t, x, _ in placed(content) if t.endswith("€")]
    assert [t for t, _ in amounts] == ["1.234,56 €", "20,00 €", "1.234,56 €"]
    assert amounts[0][1] == amounts[2][1] > 150


def test_pages_are_numbered_where_there_are_several() -> None:
    rows = "".join(f"  R-{n}, fällig am 2. März 2027: 1,00 €\n" for n in range(90))
    content = letter(f"Guten Tag,\n\nListe\n{rows}\nEnde\n")
    pages = len(pypdf.PdfReader(io.BytesIO(content)).pages)
    texts = [[t for t, _, _ in placed(content, page)] for page in range(pages)]
    assert pages > 2
    assert all(f"Seite {page + 1} von {pages}" in texts[page] for page in range(pages))
    assert "Ende" in texts[-1]
    assert not any("Seite" in t for t, _, _ in placed(letter()))
    with pytest.raises(LetterTooLong):
        letter("\n\n".join(f"Absatz {n}\n" for n in range(3000)))


def test_the_same_letter_is_the_same_bytes() -> None:
    assert letter() == letter()


@settings(max_examples=12)
@given(
    st.text(max_size=200),
    st.sampled_from(["de", "en-US", "ar", "xx", "zh-Hant", ""]),
    st.sampled_from(["A4", "US"]),
)
def test_any_text_becomes_pages(text: str, language: str, format_: LetterFormat) -> None:
    made = letter_pdf(
        text, to=(text[:50], "x"), sender=LetterSender(text[:90]), on=ON, language=language,
        format_=format_,
    )  # fmt: skip
    assert made.content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("text", "lines", "country"),
    [
        ("Musterstr. 1\n10115 Berlin\nDE", ("Musterstr. 1", "10115 Berlin"), "DE"),
        ("Musterstr. 1\n10115\nBerlin\nDE", ("Musterstr. 1", "10115 Berlin"), "DE"),
        (
            "Musterstr. 1\nHof\n10115\nBerlin\nBE\nGermany",
            ("Musterstr. 1", "Hof", "10115 Berlin"),
            "DE",
        ),
        ("1 Main St\n62701\nSpringfield\nIL\nUS", ("1 Main St", "Springfield IL 62701"), "US"),
        (
            "10 Downing St\nSW1A 2AA\nLondon\nGB",
            ("10 Downing St", "London", "SW1A 2AA"),
            "GB",
        ),
        ("1 O’Connell St\nDublin\nIE", ("1 O’Connell St", "Dublin"), "IE"),
        ("Rue 1\r\n\r\n 75002   Paris \r\nFrance", ("Rue 1", "75002 Paris"), "FR"),
    ],
)
def test_an_address_is_written_as_its_country_does(
    text: str, lines: tuple[str, ...], country: str
) -> None:
    assert read_postal_address(text) == PostalAddress(lines, country)


@pytest.mark.parametrize(
    "text",
    ["", "DE", "Musterstr. 1\nDE", "Musterstr. 1\n10115 Berlin", "Berlin", "1\n2\nDE", "\n\n\n",
     "Musterstr. 1\n10115 Berlin\nAtlantis"],
)  # fmt: skip
def test_an_address_that_is_not_complete_is_none(text: str) -> None:
    assert read_postal_address(text) is None


def test_the_country_stands_there_when_it_is_another() -> None:
    address = PostalAddress(("Rue 1", "75002 Paris"), "FR")
    assert envelope_lines("A B", address, from_country="FR", language="de")[-1] == "75002 Paris"
    assert envelope_lines("A B", address, from_country="DE", language="de")[-1] == "FRANKREICH"
    assert envelope_lines("A B", address, from_country=None, language="zz")[-1] == "FRANCE"


@given(st.lists(st.text(min_size=1, max_size=30), min_size=2, max_size=12))
def test_a_window_is_never_overfull(lines: list[str]) -> None:
    address = PostalAddress(tuple(lines), "FR")
    shown = envelope_lines("A B", address, from_country="DE", language="en")
    assert len(shown) <= LINES_MAX
    assert shown[-2] == lines[-1]


def printed(contact_id: str) -> PrintedLetter:
    return PrintedLetter(contact_id, f"pdf of {contact_id}".encode(), 2, "DE")


def test_a_batch_is_the_same_bytes_in_whichever_order() -> None:
    letters = [printed(f"c{number}") for number in range(5)]
    one = batch_zip("demo", ON, 3, letters)
    assert one == batch_zip("demo", ON, 3, letters[::-1])
    manifest = read_manifest(one)
    assert manifest is not None
    assert manifest.batch_id == "letters-demo-2027-04-09-3"
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", *(f"c{n}.pdf" for n in range(5))]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("letters-demo-2027-04-09-3.zip", 3),
        ("letters-demo-2027-04-09-12.zip", 12),
        ("letters-demo-2027-04-09-3.zip.part", None),
        ("letters-demo-2027-04-09-x.zip", None),
        ("letters-demo-2027-04-10-3.zip", None),
        ("letters-demo-x-2027-04-09-3.zip", None),
    ],
)
def test_a_name_belongs_to_one_tenant_and_day(name: str, number: int | None) -> None:
    assert number_of("demo", ON, name) == number


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"x" * 100, batch_zip("a", ON, 1, [])[:-5]]
)
def test_a_file_that_is_no_batch_is_none(content: bytes) -> None:
    assert read_manifest(content) is None
