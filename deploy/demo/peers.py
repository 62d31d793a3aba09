"""Where a demo's messages go: a mail server, an operator of texts, a print shop."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.letters import TARGET, PrintShop
from deploy.demo.mail import Mailbox, mail_server
from deploy.demo.opening import TEXTS_VARIABLE
from deploy.demo.received import Received
from deploy.demo.texts import TextOperator, text_operator


@dataclass(frozen=True)
class Peers:
    """All of them, and what they received."""

    mailbox: Mailbox
    texts: TextOperator
    print_shop: PrintShop

    def messages(self) -> list[Received]:
        """Mails and texts since the last call."""
        return [*self.mailbox.take(), *self.texts.take()]


@dataclass(frozen=True)
class Servers:
    """Those that listen."""

    mailbox: Mailbox
    texts: TextOperator

    @property
    def variables(self) -> Mapping[str, str]:
        """What the platform is told of them."""
        return {"OUTREACH_SMTP_URL": self.mailbox.url, TEXTS_VARIABLE: self.texts.url}

    def with_letters(self, folder: Path) -> Peers:
        """With the print shop, whose folder is the platform's."""
        return Peers(self.mailbox, self.texts, PrintShop(folder / TARGET))


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    async with mail_server() as mailbox, text_operator() as texts:
        yield Servers(mailbox, texts)
