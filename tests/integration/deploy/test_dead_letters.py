"""`make dead-letters`, as an operator sees it."""

import asyncio
from pathlib import Path

import pytest

from deploy import dead_letters as front_end
from shared.database import Database
from shared.log import dead_letters, positions
from shared.log.forks import Head
from shared.log.positions import Waiting, put_waiting, save_heads
from shared.log.wire import RawRecord

PLACE = ("demo", "ledger.events", "A[1]")


@pytest.fixture
async def letter(metrics_db: Database) -> int:
    """A message put aside, and one that waits behind it."""
    async with metrics_db.transaction() as session:
        await save_heads(session, "metrics", {PLACE: Head(4, is_parked=True)})
        record = RawRecord("ledger.events", 0, 9, b"demo/A[1]", b"{}", ())
        await put_waiting(session, "metrics", [(PLACE, Waiting(record, 6, "here"))])
        await dead_letters.insert(
            session,
            dead_letters.NewDeadLetter(
                consumer="metrics",
                source="cluster",
                part="ledger.events/3",
                position=17,
                topic="ledger.events",
                place=PLACE,
                sequence=5,
                is_ordered=True,
                raw_key=b"demo/A[1]",
                value=b"?",
                headers=(("ce_sequence", b"5"),),
                reason="ValueError: no [sense]",
            ),
        )
    (found,) = await dead_letters.list_dead_letters(metrics_db)
    return found.id


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch,
    ledger_url: str,
    segmentation_url: str,
    outreach_url: str,
    metrics_url: str,
) -> None:
    urls = {
        "LEDGER": ledger_url,
        "SEGMENTATION": segmentation_url,
        "OUTREACH": outreach_url,
        "METRICS": metrics_url,
    }
    for service, url in urls.items():
        monkeypatch.setenv(f"{service}_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(front_end.main, arguments)


@pytest.mark.usefixtures("environment")
async def test_list_shows_letters_of_all_services(
    letter: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("list") == 0
    shown = capsys.readouterr().out
    assert f"metrics:{letter}" in shown
    assert "demo/A[1]" in shown
    assert "ValueError: no [sense]" in shown


@pytest.mark.usefixtures("environment")
async def test_skip_moves_the_head_past_it_and_remembers(
    letter: int, metrics_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("skip", f"metrics:{letter}", "--reason", "never was") == 0
    (head,) = await metrics_db.fetch("select sequence, is_parked from heads")
    assert tuple(head) == (5, False)
    (skip,) = await metrics_db.fetch("select sequence, reason from skips")
    assert tuple(skip) == (5, "never was")
    assert await run() == 0
    assert "no dead letters" in capsys.readouterr().out


@pytest.mark.usefixtures("environment")
async def test_a_replay_of_what_is_still_unreadable_is_refused(
    letter: int, metrics_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("replay", f"metrics:{letter}") == 1
    assert "still unreadable" in capsys.readouterr().err
    assert len(await dead_letters.list_dead_letters(metrics_db)) == 1


@pytest.mark.usefixtures("environment")
async def test_a_gap_is_listed_and_skipped(
    letter: int, metrics_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await metrics_db.fetch("delete from dead_letters where id = $1", letter)
    await metrics_db.fetch("update heads set is_parked = false, sequence = 3")
    assert await run("list") == 0
    assert "never came" in capsys.readouterr().out
    assert await run("skip-gap", "metrics", "metrics", "ledger.events", "demo/A[1]") == 0
    assert "2 events skipped" in capsys.readouterr().out
    (head,) = await metrics_db.fetch("select sequence from heads")
    assert head["sequence"] == 5
    assert await run("skip-gap", "metrics", "metrics", "ledger.events", "demo/A[1]") == 1


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("text", ["metrics", "nowhere:1", "metrics:x"])
async def test_a_wrong_id_is_told(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        await run("skip", text)
    assert "is not like metrics:12" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
async def test_an_unknown_letter_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("skip", "metrics:99") == 1
    assert "no dead letter 99" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
async def test_a_part_is_read_again_after_the_cluster_dropped_what_was_not_read(
    metrics_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    part = "ledger.events/3"
    await positions.load(metrics_db, "metrics", "cluster", [part])
    await metrics_db.fetch("update positions set position = 17")
    assert await run("restart-part", "metrics", "metrics", part) == 0
    assert await positions.stored(metrics_db, "metrics") == {"cluster": {part: 0}}
    assert await run("restart-part", "metrics", "metrics", "ledger.events/99") == 1
    assert "reads no part ledger.events/99" in capsys.readouterr().err


async def test_a_folder_without_a_database_is_refused_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("LEDGER", "SEGMENTATION", "OUTREACH", "METRICS"):
        monkeypatch.delenv(f"{name}_DATABASE_URL", raising=False)
    monkeypatch.delenv("RECOUP_POSTGRES_URL", raising=False)
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path / "var"))
    assert await run("list") == 1
    assert "there is no database in" in capsys.readouterr().err
    assert not (tmp_path / "var").exists()
