"""What a mapping leaves open about its file is found out, and asked about once."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from services.ledger.importer.sending import CannotSend
from shared.csv_events.files import STANDARD_INPUT
from shared.csv_events.mapping import completed_text, parse_mapping
from shared.csv_events.proposal import Proposal, propose


class NotAgreed(CannotSend):
    """Nobody agreed to what was found out about the file."""


def agreed_mapping(path: Path, text: str, options: argparse.Namespace, console: Console) -> str:
    """The mapping's text, completed by what was found out if somebody agrees. Raises `NotAgreed`,
    `Invalid`."""
    proposal = propose(path, parse_mapping(text), text, options.file.name)
    if proposal is None:
        return text
    if not options.yes:
        _ask(proposal, options, console)
    return completed_text(text, proposal.found)


def _ask(proposal: Proposal, options: argparse.Namespace, console: Console) -> None:
    if options.file == STANDARD_INPUT or not sys.stdin.isatty():
        raise NotAgreed(
            f"{options.file.name} seems to be {proposal}; the mapping does not say so. Add to it,"
            f" or use --yes:\n\n{proposal.as_lines()}"
        )
    console.print(f"{proposal}: right? [Y/n] ", end="", markup=False)
    answer = sys.stdin.readline()
    if not answer or answer.strip().casefold() not in ("", "y", "yes"):
        raise NotAgreed(f"say in the mapping how it is, as in:\n\n{proposal.as_lines()}")
