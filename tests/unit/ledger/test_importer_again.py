"""The importer's command line where a mapping leaves things open, and where it was killed."""

import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import httpx
import msgspec
import pytest

from services.ledger.importer import __main__ as importer
from tests.unit.ledger.importer_rig import GOOD, HEADER, MAPPING, Ledger, Run

# ------------------------------------------------- what the mapping leaves open

GERMAN = HEADER.replace(",", ";") + "C1;Müller;V1;1.234,56;31.12.2026\n" * 3
FOUND = "windows-1252, semicolon, decimal comma (1.234,56), days 31.12.2026"


@pytest.fixture
def open_mapping() -> str:
    """Says nothing of how the file is written."""
    return MAPPING.replace("due_on: {column: day, as: date}", 'due_on: "2027-01-31"')


def test_without_a_terminal_nothing_is_believed(
    run: Run, ledger: Ledger, open_mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"")))
    code, _, errors = run(GERMAN.encode("cp1252"), mapping=open_mapping)
    assert code == 2
    assert f"seems to be {FOUND}; the mapping does not say so" in errors
    lines = errors.partition("\n\n")[2]
    assert not ledger.events
    # With these lines the mapping says it all, and nothing is asked.
    code, said, errors = run(GERMAN.encode("cp1252"), mapping=f"{open_mapping}\n{lines}")
    assert (code, said.splitlines()[-1]) == (0, "4 events accepted, 0 known already, 0 refused")
    assert ledger.events[1]["data"]["amount_minor"] == 123_456


def test_yes_agrees(run: Run, ledger: Ledger, open_mapping: str) -> None:
    code, said, _ = run(GERMAN.encode("cp1252"), "--yes", mapping=open_mapping)
    assert (code, said.splitlines()[-1]) == (0, "4 events accepted, 0 known already, 0 refused")
    assert ledger.events[0]["data"]["name"] == "Müller"


class Terminal(TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "expected"), [("\n", 0), ("y\n", 0), ("n\n", 2), ("", 2)])
def test_at_a_terminal_it_is_asked_once(
    run: Run,
    ledger: Ledger,
    open_mapping: str,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    expected: int,
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(BytesIO(answer.encode())))
    code, _, errors = run(GERMAN.encode("cp1252"), mapping=open_mapping)
    assert code == expected
    assert errors.count(f"{FOUND}: right? [Y/n]") == 1


# ------------------------------------------------- killed, and again


class Killed(BaseException):
    """As if the process were gone."""


class KilledAfter(Ledger):
    """Knows what it has; dies after some batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches
        self.sizes: list[int] = []

    def _take(self, request: httpx.Request) -> httpx.Response:
        events = msgspec.json.decode(request.content)
        if not self.left:
            raise Killed
        self.left -= 1
        self.sizes.append(len(events))
        known = {event["id"] for event in self.events}
        new = [event for event in events if event["id"] not in known]
        self.events += new
        counts = {"accepted": len(new), "duplicates": len(events) - len(new), "rejected": []}
        return httpx.Response(200, json=counts)


def test_the_same_command_goes_on_behind_the_last_part_known(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path / "data"))
    ledger = KilledAfter(2)
    monkeypatch.setattr(importer, "ledger_client", ledger.client)
    rows = HEADER + "".join(f"C1,One,V{n},1,2026-02-01\n" for n in range(2_499))
    with pytest.raises(Killed):
        run(rows)
    assert [path.suffix for path in (tmp_path / "data" / "imports").iterdir()] == [".jsonl"]
    ledger.left, ledger.sizes = 99, []
    code, said, _ = run(rows)
    assert (code, said) == (0, "2500 events accepted, 0 known already, 0 refused\n")
    # The last part once more, to see that it is the same ledger; then what is left.
    assert ledger.sizes == [500, 500, 500, 500]
    assert len(ledger.events) == 2_500
    assert not list((tmp_path / "data" / "imports").iterdir())


def test_another_ledger_gets_all_of_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path / "data"))
    rows = HEADER + "".join(f"C1,One,V{n},1,2026-02-01\n" for n in range(1_499))
    ledger = KilledAfter(2)
    monkeypatch.setattr(importer, "ledger_client", ledger.client)
    with pytest.raises(Killed):
        run(rows)
    empty = KilledAfter(99)
    monkeypatch.setattr(importer, "ledger_client", empty.client)
    code, said, _ = run(rows)
    assert code == 0
    assert len(empty.events) == 1_500
    assert "1000 events accepted, 500 known already" in said


def test_a_dry_run_as_json(run: Run) -> None:
    code, said, _ = run(HEADER + GOOD, "--dry-run", "--json")
    report = msgspec.json.decode(said)
    assert code == 0
    assert report["events"]["invoice-issued"] == {"count": 2, "sums": {"EUR": 1_950}}
    assert report["after"]["EUR"]["balance"] == 1_950


def test_a_dry_run_at_a_ledger_is_the_ledger_s(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[httpx.Request] = []
    _, local, _ = run(HEADER + GOOD, "--dry-run", "--json")
    known = {**msgspec.json.decode(local), "accounts": {"new": 0, "known": 2}}

    def take(request: httpx.Request) -> httpx.Response:
        request.read()
        asked.append(request)
        return httpx.Response(200, json=known)

    client = httpx.Client(transport=httpx.MockTransport(take), base_url="http://ledger")
    monkeypatch.setattr(importer, "ledger_client", lambda *_: client)
    code, said, _ = run(HEADER + GOOD, "--dry-run", "--json", "--url", "http://ledger")
    assert (code, msgspec.json.decode(said)) == (0, known)
    (request,) = asked
    assert request.url.query == b"dry_run=true"
    assert b"/import/test" in request.content
