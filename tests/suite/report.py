"""What all parts came to: failures, what did not run, the slowest tests, the time per folder."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.suite.lanes import Ended

SLOWEST = 10


@dataclass(frozen=True)
class Outcome:
    """What became of one test."""

    test: str  # its id, as pytest takes it
    seconds: float
    kind: str  # passed, failed, error, skipped
    words: str = ""

    @property
    def folder(self) -> str:
        return self.test.partition("::")[0].removeprefix("tests/").rpartition("/")[0]


def read(outcomes: Path) -> list[Outcome]:
    """From what pytest wrote as JUnit's XML; nothing if it ended before it could."""
    if not outcomes.exists():
        return []
    cases = ElementTree.parse(outcomes).iter("testcase")  # noqa: S314 - our own pytest wrote it
    return [_outcome(case) for case in cases]


def _outcome(case: ElementTree.Element) -> Outcome:
    file, name = case.get("classname", "").replace(".", "/"), case.get("name", "")
    seconds = float(case.get("time", "0"))
    for tag, kind in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is not None:
            words = (found.get("message") or "").strip().partition("\n")[0]
            return Outcome(f"{file}.py::{name}", seconds, kind, words)
    return Outcome(f"{file}.py::{name}", seconds, "passed")


def lines(ended: Sequence[Ended], seconds: float) -> list[str]:
    """The report; its last line is like pytest's own."""
    outcomes = [outcome for part in ended for outcome in read(part.outcomes)]
    found = [
        "", "== time per folder", *_folders(outcomes),
        "", f"== slowest {SLOWEST}", *_slowest(outcomes),
        *_list("not run", (o for o in outcomes if o.kind == "skipped")),
        *_list("failed", (o for o in outcomes if o.kind in ("failed", "error"))),
    ]  # fmt: skip
    found += [
        f"{each.part.name}: pytest ended with {each.code}" for each in ended if not each.is_good
    ]
    return [*found, "", _last_line(outcomes, ended, seconds)]


def _folders(outcomes: Iterable[Outcome]) -> list[str]:
    seconds: defaultdict[str, float] = defaultdict(float)
    count: Counter[str] = Counter()
    for outcome in outcomes:
        seconds[outcome.folder] += outcome.seconds
        count[outcome.folder] += 1
    ordered = sorted(seconds, key=lambda folder: -seconds[folder])
    return [f"{seconds[each]:8.1f} s {count[each]:6} tests  {each}" for each in ordered]


def _slowest(outcomes: Iterable[Outcome]) -> list[str]:
    ordered = sorted(outcomes, key=lambda outcome: -outcome.seconds)
    return [f"{each.seconds:8.1f} s  {each.test}" for each in ordered[:SLOWEST]]


def _list(title: str, outcomes: Iterable[Outcome]) -> list[str]:
    listed = [f"{each.test}: {each.words}" for each in outcomes]
    return ["", f"== {title}", *listed] if listed else []


def _last_line(outcomes: Sequence[Outcome], ended: Sequence[Ended], seconds: float) -> str:
    counts = Counter(outcome.kind for outcome in outcomes)
    # A part that ended badly without a red test (a crash, an error of collection) is red too.
    counts["error"] += sum(
        not each.is_good and all(o.kind in ("passed", "skipped") for o in read(each.outcomes))
        for each in ended
    )
    words = [f"{counts[kind]} {kind}" for kind in ("failed", "passed", "skipped") if counts[kind]]
    if counts["error"]:
        words.append(f"{counts['error']} error{'s' if counts['error'] > 1 else ''}")
    text = f" {', '.join(words) or 'no tests ran'} in {seconds:.2f}s "
    return text.center(80, "=")
