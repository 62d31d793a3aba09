"""The verifier against what is no journal, and away from home."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.ledger import verify
from tests.unit.ledger.exported import OK, Checked, a_journal, an_entry


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    return Checked(tmp_path, capsys)


_HEADER = json.dumps(a_journal()[0]).encode() + b"\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b'{"format": "recoup-journal-2", "tenant": "demo"}\n',
        b'{"format": "recoup-journal-1"}\n',
        b'{"format": "recoup-journal-1", "tenant": "demo", "from_seal": "0"}\n',
        b"\xff\xfe\n",
        _HEADER + b'{"other": {}}\n',
        _HEADER + b'{"entry": []}\n',
        _HEADER + b'{"entry": {"n": "1", "n": "2"}}\n',
        _HEADER + b'{"entry": {}, "head": {}}\n',
        _HEADER + b"[" * 100_000 + b"\n",
        _HEADER + b'{"entry": "' + b"x" * verify.LINE_BYTES_MAX + b'"}\n',
        _HEADER + b"\x00" * 10,
    ],
)
def test_what_is_no_journal_is_unreadable(checked: Checked, content: bytes) -> None:
    code, said = checked.bytes(content)
    assert code == 2
    assert said[0].startswith("unreadable: line ")


@pytest.mark.parametrize(
    "line",
    [
        b'{"entry": {}}\n',
        b'{"entry": {"n": 1}}\n',
        b'{"head": {"seal": "1", "account": "C1", "n": "01", "hash": ""}}\n',
        b'{"seal": {"seal": ' + b"9" * 100_000 + b"}}\n",
    ],
)
def test_a_line_without_its_members_is_a_fault(checked: Checked, line: bytes) -> None:
    code, said = checked.bytes(_HEADER + line)
    assert code == 1
    assert said[0].startswith("line 2: not the members of")


def test_what_a_terminal_would_obey_is_not_printed(checked: Checked) -> None:
    lines = a_journal()
    an_entry(lines, "C3", 2)["account"] = "C3\x1b[2J\ud800"
    code, said = checked.lines(lines)
    assert code == 1
    assert "account C3\\u001b[2J\\ud800 entry 1 is missing" in said


def test_a_file_that_is_not_there_and_a_seal_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.main([str(tmp_path / "nothing")]) == 2
    for given in ("1", "x=00", "0=" + "00" * 32, "1=" + "0" * 63, "1=" + "g" * 64):
        with pytest.raises(SystemExit) as ended:
            verify.main(["file", "--seal", given])
        assert ended.value.code == 2
    assert "is not N=HASH" in capsys.readouterr().err


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """Taken away by itself, with no packages installed and nothing of ours near."""
    alone = tmp_path / "verify.py"
    alone.write_bytes(Path(verify.__file__).read_bytes())
    file = tmp_path / "journal.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in a_journal()))
    program = (
        "import runpy, sys; sys.argv = ['verify', sys.argv[1]]\n"
        "try: runpy.run_path('verify.py', run_name='__main__')\n"
        "finally:\n"
        "    own = {name.partition('.')[0] for name in sys.modules} - {'__main__'}\n"
        "    print(sorted(own - set(sys.stdlib_module_names)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [OK, "[]"]
