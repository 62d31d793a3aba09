"""A mailbox over IMAP (RFC 3501), blocking: run in a thread. Nothing is marked that is not kept."""

import imaplib
import re
import ssl
from types import TracebackType
from typing import Any, Final, Self

from services.outreach.inbound.domain.mail import MAIL_BYTES_MAX
from services.outreach.inbound.domain.mailboxes import Mailbox
from shared.errors import Unavailable

TIMEOUT_SECONDS: Final = 30.0
_VALIDITY = re.compile(rb"[0-9]{1,20}")


class MailFetcher:
    """One session with a mailbox: its unseen messages, fetched without marking them."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._imap: imaplib.IMAP4 | None = None
        self.validity = ""  # of the messages' numbers; another one: others are meant by them

    def __enter__(self) -> Self:
        """Raises `Unavailable`."""
        box = self._mailbox
        try:
            if box.is_encrypted:
                context = ssl.create_default_context()
                self._imap = imaplib.IMAP4_SSL(
                    box.host, box.port, ssl_context=context, timeout=TIMEOUT_SECONDS
                )
            else:
                self._imap = imaplib.IMAP4(box.host, box.port, timeout=TIMEOUT_SECONDS)
            self._imap.login(box.user, box.password)
            self._checked(self._imap.select(f'"{box.folder}"'))
            known = self._imap.response("UIDVALIDITY")[1]
        except (OSError, imaplib.IMAP4.error) as error:
            self._close()
            raise Unavailable(f"the mailbox: {type(error).__name__}") from error
        number = _VALIDITY.fullmatch(known[0]) if known and isinstance(known[0], bytes) else None
        self.validity = number[0].decode() if number else ""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._close()

    def unseen(self) -> list[str]:
        """Their numbers, the oldest first. Raises `Unavailable`."""
        found = self._checked(self._session.uid("SEARCH", "UNSEEN"))
        return found[0].decode("ascii", "replace").split() if found and found[0] else []

    def fetch(self, uid: str) -> bytes | None:
        """The message, cut where it is too large; None: it is gone. It stays unseen."""
        asked = f"(BODY.PEEK[]<0.{MAIL_BYTES_MAX}>)"
        for part in self._checked(self._session.uid("FETCH", uid, asked)):
            if isinstance(part, tuple) and isinstance(part[1], bytes):
                return part[1]
        return None

    def mark_seen(self, uid: str) -> None:
        """Only once it is kept."""
        self._checked(self._session.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))

    @property
    def _session(self) -> imaplib.IMAP4:
        assert self._imap is not None, "asked before it is open"
        return self._imap

    def _checked(self, answer: tuple[str, list[Any]]) -> list[Any]:
        status, data = answer
        if status != "OK":
            raise Unavailable(f"the mailbox answered {status}")
        return data

    def _close(self) -> None:
        imap, self._imap = self._imap, None
        if imap is not None:
            try:
                imap.logout()
            except (OSError, imaplib.IMAP4.error):
                imap.shutdown()
