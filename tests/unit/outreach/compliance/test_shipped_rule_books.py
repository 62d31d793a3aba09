"""The rule books that come with Recoup, and the page that explains them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.outreach.compliance import read_book
from services.outreach.compliance.kinds import KINDS
from shared.calendars import names
from tests.unit.outreach.compliance.case_files import Plain

ROOT = Path(__file__).resolve().parents[4]
PATHS = sorted((ROOT / "services" / "outreach" / "rulebooks" / "shipped").glob("*.yaml"))
PAGE = (ROOT / "docs" / "rule-books.md").read_text(encoding="utf-8")
# Where the citation alone is the source: taken over from general knowledge, or from a table.
UNREAD = {"US-NH-HOURS"}


def _plain(path: Path) -> dict[str, Any]:
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=Plain)  # noqa: S506
    assert isinstance(found, dict)
    return found


def _records() -> Iterator[dict[str, Any]]:
    for path in PATHS:
        yield from _plain(path)["rules"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_book_is_named_like_its_file_and_says_what_zone_data_it_needs(path: Path) -> None:
    book = read_book(path.read_text(encoding="utf-8"))
    assert book.name == path.stem
    is_law = not re.search("policy|not in force|not found", book.title)
    assert book.klass == ("law" if is_law else "policy")
    assert book.tzdata_min is not None or not book.rules


def test_what_is_marked_as_read_names_its_source_and_the_rest_is_marked() -> None:
    for record in _records():
        if record["confidence"] in {"S", "M"} and record["id"] not in UNREAD:
            assert record.get("sources"), record["id"]
        if record["confidence"] == "D":
            assert record["id"].startswith(("SYS-", "HOUSE-", "BR-STATE-")), record["id"]


def test_every_calendar_that_a_record_names_exists() -> None:
    used = set(re.findall(r"calendar: ([a-z0-9-]+)", "".join(p.read_text("utf-8") for p in PATHS)))
    assert {"ca-qc", "us-federal", "br-rj"} <= used <= names()


def test_nobody_verified_a_period_of_limitation_yet_and_every_state_has_one() -> None:
    table = read_book(
        (ROOT / "services" / "outreach" / "rulebooks" / "shipped" / "us-limitation.yaml").read_text(
            "utf-8"
        )
    ).limitation
    assert len({row.jurisdiction for row in table}) == 51
    assert all(row.verified_by is None and row.verified_on is None for row in table)
    assert all({"oral", "written", "open", "goods"} <= set(row.years) for row in table)


def test_the_page_says_truly_what_decides_no_contact() -> None:
    table = PAGE.split("## What decides no contact")[1]
    cells = " ".join(re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE))
    listed = set(re.findall(r"[A-Z]{2,6}-[A-Z0-9-]+", cells))
    assert "US-REGF-POSTDATED" in listed
    assert not listed & {record["id"] for record in _records()}


def test_the_page_names_every_book_and_every_kind() -> None:
    for path in PATHS:
        assert f"`{path.stem}`" in PAGE
    for kind in KINDS:
        assert f"**{kind}**" in PAGE


def _examples() -> Iterator[str]:
    """The page's examples as books: whole ones as they are, records and parts completed."""
    around = {
        "id": "X-EXAMPLE",
        "jurisdiction": "US",
        "binds": "third",
        "debts": "consumer",
        "channels": "all",
        "effective": {"from": None, "to": None},
        "confidence": "G",
        "citation": "an example",
    }
    header = {"name": "example", "class": "law", "title": "Example", "version": "2026-11-22"}
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        found = yaml.load(text, Loader=Plain)  # noqa: S506
        if isinstance(found, dict) and "rules" in found:
            yield text
            continue
        record = found[0] if isinstance(found, list) else around | found
        yield yaml.safe_dump({**header, "rules": [record]}, sort_keys=False, allow_unicode=True)


@pytest.mark.parametrize("text", list(_examples()))
def test_an_example_of_the_page_is_taken(text: str) -> None:
    assert len(read_book(text).rules) == 1
