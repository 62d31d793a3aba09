"""Cases as data: what is asked, what must come out, and what of an answer isn't as it must be.

A case names the rule that it is about, a base question and what is different in it. `expect` says
only what the law says about it; an answer may say more.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from services.outreach.compliance import Answer, RuleSet, evaluate, read_question
from tests.unit.outreach.compliance.questions import Json, instant, override, question

FOLDER = Path(__file__).parent / "cases"
_MEMBERS = {"id", "rule", "why", "base", "via", "set", "expect"}
_EXPECTED = {
    "verdict",
    "until",
    "role",
    "by",
    "also",
    "adds",
    "not_adds",
    "record",
    "silent",
    "absent",
    "unverified",
    "says",
}


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast


class Plain(_Loader):  # type: ignore[misc]
    """YAML without surprises: instants, times and the province ON stay text."""


_BOOL = re.compile("true|false")
Plain.yaml_implicit_resolvers = {
    first: [
        (tag, _BOOL if tag.endswith(":bool") else pattern)
        for tag, pattern in resolvers
        if not tag.endswith(":timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Case:
    """One question and what the answer to it must say."""

    id: str
    rule: str
    why: str
    question: Json
    expect: Mapping[str, Any]
    file: str

    @property
    def names(self) -> set[str]:
        """Every rule that the case speaks of."""
        expected = self.expect
        mentioned = {
            str(rule).partition("/")[0]
            for member in ("by", "also", "adds", "not_adds", "silent", "absent")
            for rule in expected.get(member, ())
        }
        return mentioned | {self.rule} | {str(row["rule"]) for row in expected.get("record", ())}


def via(base: Json, channel: str) -> Json:
    """The same contact in another medium, with the consent that it may need."""
    debtor = base["debtor"]
    changes: Json = {"contact.channel": channel}
    if channel == "letter":
        changes["contact.to"] = "__drop__"
    elif channel in {"email", "social_dm", "portal"}:
        changes["contact.to"] = debtor["emails"][0]["address"]
    if channel in {"email", "sms", "social_dm"}:
        changes["debtor.consents"] = [
            {
                "kind": kind,
                "given_to": "collector",
                "form": "written",
                "at": _two_weeks_before(base["at"]),
            }
            for kind in ("email", "sms")
        ]
    return override(base, changes)


def _two_weeks_before(at: str) -> str:
    return instant(datetime.fromisoformat(at.replace("Z", "+00:00")) - timedelta(days=14))


@lru_cache(maxsize=1)
def load() -> tuple[Case, ...]:
    """All cases of all files; a case that is badly written is named."""
    return tuple(case for path in sorted(FOLDER.glob("*.yaml")) for case in _read(path))


def _read(path: Path) -> Iterator[Case]:
    for row in yaml.load(path.read_text(encoding="utf-8"), Loader=Plain):  # noqa: S506 - a safe one
        assert set(row) <= _MEMBERS, (path.name, row.get("id"), set(row) - _MEMBERS)
        assert set(row["expect"]) <= _EXPECTED, (path.name, row["id"], row["expect"])
        changes = row.get("set", {})
        asked = question(row["base"], {key: changes[key] for key in changes if key == "at"})
        if "via" in row:
            asked = via(asked, row["via"])
        asked = override(asked, {key: changes[key] for key in changes if key != "at"})
        yield Case(row["id"], row["rule"], row["why"], asked, row["expect"], path.name)


def ask(books: RuleSet, asked: Mapping[str, Any]) -> Json:
    """The answer as a caller gets it: read back from its bytes."""
    answer: Answer = evaluate(read_question(dict(asked)), books)
    read: Json = json.loads(msgspec.json.encode(answer))
    return read


def faults(expect: Mapping[str, Any], answer: Json) -> list[str]:
    """What of an answer isn't as expected, in words; nothing if all is."""
    return [word for check in _CHECKS for word in check(expect, answer)]


def objecting(answer: Json) -> set[str]:
    """The rules that decided or would have decided against the contact."""
    rows = [*answer["decided_by"], *answer["also"]]
    return {row["rule"] for row in rows if row["effect"] != "allow"}


def mentioned(answer: Json) -> set[str]:
    """Every rule that an answer names anywhere."""
    return {
        row["rule"]
        for member in ("decided_by", "also", "disclosures", "record")
        for row in answer[member]
    }


def _scalars(expect: Mapping[str, Any], answer: Json) -> Iterator[str]:
    for member in ("verdict", "until", "role", "unverified"):
        if member not in expect:
            continue
        wanted = expect[member] if isinstance(expect[member], list) else [expect[member]]
        if answer.get(member) not in wanted:
            yield f"{member}: {answer.get(member)!r}, not {expect[member]!r}"


def _rules(expect: Mapping[str, Any], answer: Json) -> Iterator[str]:
    decided = {row["rule"] for row in answer["decided_by"] if row["effect"] == answer["verdict"]}
    yield from _missing("by", expect, decided)
    yield from _missing("also", expect, {row["rule"] for row in answer["also"]})
    yield from _present("silent", expect, objecting(answer))
    yield from _present("absent", expect, mentioned(answer))


def _texts(expect: Mapping[str, Any], answer: Json) -> Iterator[str]:
    added = {row["rule"] for row in answer["disclosures"]}
    added |= {f"{row['rule']}/{row['text_id']}" for row in answer["disclosures"]}
    yield from _missing("adds", expect, added)
    yield from _present("not_adds", expect, added)
    for row in expect.get("record", ()):
        if not any(row.items() <= kept.items() for kept in answer["record"]):
            yield f"record: no {row!r} in {answer['record']!r}"
    said = " ".join(row["because"] for row in [*answer["decided_by"], *answer["also"]])
    for words in expect.get("says", ()):
        if words not in said:
            yield f"says: no {words!r} in {said!r}"


def _missing(member: str, expect: Mapping[str, Any], have: set[str]) -> Iterator[str]:
    for rule in _list(expect, member):
        if rule not in have:
            yield f"{member}: {rule} is not among {sorted(have)}"


def _present(member: str, expect: Mapping[str, Any], have: set[str]) -> Iterator[str]:
    for rule in _list(expect, member):
        if rule in have:
            yield f"{member}: {rule} is among {sorted(have)}"


def _list(expect: Mapping[str, Any], member: str) -> Iterable[str]:
    value: Iterable[str] = expect.get(member, ())
    return value


_CHECKS = (_scalars, _rules, _texts)
