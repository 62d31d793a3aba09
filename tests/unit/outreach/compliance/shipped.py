"""The rule books as they are shipped: compiled, and as plain data to change a number in."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from services.outreach.compliance import RuleBook, RuleSet, read_book
from tests.unit.outreach.compliance.case_files import Plain

FOLDER = Path(__file__).resolve().parents[4] / "services" / "outreach" / "rulebooks" / "shipped"


@lru_cache(maxsize=1)
def shipped_texts() -> dict[str, str]:
    """The text of each book by its file's name."""
    paths = sorted(FOLDER.glob("*.yaml"))
    assert paths, f"no rule books in {FOLDER}"
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


@lru_cache(maxsize=1)
def shipped_rule_books() -> tuple[RuleBook, ...]:
    return tuple(read_book(text) for text in shipped_texts().values())


@lru_cache(maxsize=1)
def shipped_books() -> RuleSet:
    return RuleSet.of(shipped_rule_books())


@lru_cache(maxsize=1)
def shipped_data() -> tuple[Mapping[str, Any], ...]:
    """The books as plain data, in the order of `shipped_rule_books`."""
    return tuple(yaml.load(text, Loader=Plain) for text in shipped_texts().values())  # noqa: S506


def law_rules() -> dict[str, Mapping[str, Any]]:
    """The records of all books of law, by id."""
    return {
        rule["id"]: rule
        for book in shipped_data()
        if book["class"] == "law"
        for rule in book["rules"]
    }


def records() -> list[tuple[int, int]]:
    """Where each record of law stands: the number of its book, its own within it."""
    return [
        (number, index)
        for number, book in enumerate(shipped_data())
        if book["class"] == "law"
        for index in range(len(book["rules"]))
    ]


def label(number: int, index: int) -> str:
    """A record's id and part."""
    record = shipped_data()[number]["rules"][index]
    return f"{record['id']}/{record['part']}" if record.get("part") else str(record["id"])


def with_record(number: int, index: int, rule: Any) -> RuleSet:
    """The books of law of one country, or of a continent, with one record replaced."""
    books = []
    for place, book in enumerate(shipped_rule_books()):
        if place == number:
            rules = list(book.rules)
            rules[index] = rule
            books.append(replace(book, rules=tuple(rules)))
        elif book.klass == "law" and _beside(book.name, shipped_rule_books()[number].name):
            books.append(book)
    return RuleSet.of(books)


def _beside(name: str, other: str) -> bool:
    """Whether two books may both have a say about one debtor of the cases."""
    return "system" in {name, other} or (name.startswith("us-") and other.startswith("us-"))


def alone(number: int, rule: Any) -> RuleSet:
    """A rule set without any other record: the periods of limitation and the record; with a gate
    also those that it may extend, but no other part of its own."""
    books = []
    for place, book in enumerate(shipped_rule_books()):
        keep = [
            each
            for each in book.rules
            if rule.kind.extends is not None and each.kind.extends is None and each.id != rule.id
        ]
        mine = [rule] if place == number else []
        books.append(replace(book, rules=(*keep, *mine)))
    return RuleSet.of(books)


def single(book: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    """The text of a book that holds one record only."""
    header = {key: book[key] for key in ("name", "class", "title", "version")}
    return yaml.safe_dump({**header, "rules": [rule]}, allow_unicode=True, sort_keys=False)


def all_rules() -> set[str]:
    """The ids of all records, also of packs that are no law."""
    return {rule["id"] for book in shipped_data() for rule in book["rules"]}
