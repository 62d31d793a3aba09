"""The environment, read by type. What is wrong is told by the variable's name and the reason."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar, cast
from urllib.parse import urlsplit

from shared.addresses import BadUrl, DatabaseAddress, read_url, with_plain_text
from shared.process.variables import misspelt

PORTS = {"ledger": 0, "segmentation": 1, "outreach": 2, "metrics": 3}  # above RECOUP_PORT_BASE

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_DAYS_MAX = 36_500

T = TypeVar("T")


class HasPorts(Protocol):
    """Who knows where the doors on this machine are."""

    @property
    def port_base(self) -> int: ...


class BadSetting(ValueError):
    """A variable of the environment that is missing or makes no sense."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason

    @property
    def faults(self) -> "tuple[BadSetting, ...]":
        """Every variable that is wrong."""
        return (self,)


class BadSettings(BadSetting):
    """Several of them: a line each."""

    def __init__(self, faults: Sequence[BadSetting]) -> None:
        super().__init__(faults[0].name, faults[0].reason)
        self.args = ("\n".join(str(fault) for fault in faults),)
        self._faults = tuple(faults)

    @property
    def faults(self) -> tuple[BadSetting, ...]:
        return self._faults


class Env:
    """Typed reading of an environment. An empty variable counts as not set.

    One that collects goes on after a fault, with a harmless value in its place, and `checked`
    raises all of them at once.
    """

    def __init__(self, values: Mapping[str, str], *, collects: bool = False) -> None:
        self._values = values
        self._asked: set[str] = set()
        self._faults: list[BadSetting] | None = [] if collects else None

    def checked(self, settings: T) -> T:
        """`settings`, if nothing was wrong and no variable is misspelt."""
        for name, near in misspelt(self._values, self._asked).items():
            self.fault(BadSetting(name, f"is not a setting; {near} is"))
        if self._faults:
            raise self._faults[0] if len(self._faults) == 1 else BadSettings(self._faults)
        return settings

    def fault(self, error: BadSetting) -> None:
        """Raise it, or keep it for `checked`."""
        if self._faults is None:
            raise error
        if str(error) not in map(str, self._faults):
            self._faults.extend(error.faults)

    def attempt(self, read: Callable[[], T]) -> T:
        """What `read` gives. Its `BadSetting` is a fault like others (then: nothing of use)."""
        try:
            return read()
        except BadSetting as error:
            self.fault(error)
            return cast("T", None)

    def text(self, name: str) -> str | None:
        """The trimmed value, or None when it is not set."""
        self._asked.add(name)
        return self._values.get(name, "").strip() or None

    def required(self, name: str, why: str) -> str:
        """The value; `why` ends the sentence "NAME is not set: …"."""
        value = self.text(name)
        if value is None:
            self.fault(BadSetting(name, f"is not set: {why}"))
            return ""
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in _TRUE | _FALSE:
            self.fault(BadSetting(name, f"is {value!r}; it can be 1 or 0"))
            return default
        return value.lower() in _TRUE

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            self.fault(BadSetting(name, f"is {value!r}, which is not a whole number"))
            return default
        if not low <= number <= high:
            self.fault(BadSetting(name, f"is {number}; it must be between {low} and {high}"))
            return default
        return number

    def days(self, name: str, default: int | None = None) -> int | None:
        """For how many days something is kept; None: for ever, which 0 says too."""
        return self.integer(name, default or 0, low=0, high=_DAYS_MAX) or None

    def choice(self, name: str, default: str, known: tuple[str, ...]) -> str:
        value = self.text(name) or default
        if value not in known:
            self.fault(BadSetting(name, f"is {value!r}; it can be {' or '.join(known)}"))
            return default
        return value

    def file(self, name: str) -> str | None:
        """The path of a file that can be read."""
        value = self.text(name)
        if value is None:
            return None
        try:
            with Path(value).open("rb"):
                return value
        except OSError as error:
            self.fault(BadSetting(name, f"names {value}, which cannot be read: {error.strerror}"))
            return None

    def url(
        self,
        name: str,
        schemes: tuple[str, ...],
        *,
        default: str | None = None,
        query: Collection[str] | None = (),
        has_user: bool = False,
        has_path: bool = True,
    ) -> str | None:
        """A URL with one of the schemes and a host. Never repeated: it may hold a password."""
        value = self.text(name)
        if value is None:
            return default
        try:
            read_url(value, schemes, query=query, has_user=has_user, has_path=has_path)
        except BadUrl as error:
            self.fault(BadSetting(name, str(error)))
            return default
        return value

    def origins(self, name: str) -> tuple[str, ...]:
        """Origins of web pages with commas between them, exactly as browsers write them."""
        given = [each.strip() for each in (self.text(name) or "").split(",") if each.strip()]
        for origin in given:
            if not _is_origin(origin):
                why = f"names {origin!r}, which is no origin like https://figures.example.com"
                self.fault(BadSetting(name, why))
        return tuple(dict.fromkeys(given))

    @property
    def is_private(self) -> bool:
        """Whether the network between the services and their servers is nobody else's."""
        return self.flag("RECOUP_PRIVATE_NETWORK")

    def database(self, service: str) -> str:
        """`LEDGER_DATABASE_URL` and its like: there is no default, not even a password."""
        return self.database_url(f"{service.upper()}_DATABASE_URL")

    def producer(self, reader: str, service: str) -> str:
        """The database whose outbox a service reads: `METRICS_LEDGER_DATABASE_URL`, with a role
        that may do no more; without that variable the producer's own."""
        own = f"{reader.upper()}_{service.upper()}_DATABASE_URL"
        return self.database_url(own) if self.text(own) else self.database(service)

    def database_url(self, name: str) -> str:
        value = self.required(
            name, "give it a URL like postgresql://user:password@host:5432/database"
        )
        if not value:
            return ""
        if self.is_private:
            value = with_plain_text(value)
        try:
            DatabaseAddress.from_url(value)
        except BadUrl as error:
            self.fault(BadSetting(name, str(error)))
        return value

    def peer(self, service: str, common: "HasPorts") -> str:
        """Where a peer's HTTP door is: `LEDGER_URL`, by default its port on this machine."""
        name = f"{service.upper()}_URL"
        default = f"http://127.0.0.1:{common.port_base + PORTS[service]}"
        value = self.url(name, ("http", "https"), default=default)
        assert value is not None
        parts = read_url(value, ("http", "https"))
        if parts.scheme == "http" and not (parts.is_here or self.is_private):
            self.fault(
                BadSetting(
                    name,
                    "would send the service token in plain text to another machine: use https://, "
                    "or say RECOUP_PRIVATE_NETWORK=1",
                )
            )
        return value.rstrip("/")


def _is_origin(text: str) -> bool:
    """Scheme, name and a port that is not the scheme's own: no path, no user, no capitals."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in _ORIGIN_PORTS
        and bool(parts.hostname)
        and text == text.lower()
        and text == f"{parts.scheme}://{parts.netloc}"
        and "@" not in parts.netloc
        and "*" not in parts.netloc
        and port != _ORIGIN_PORTS[parts.scheme]
        and text.isascii()
        and text.isprintable()
    )


_ORIGIN_PORTS = {"https": 443, "http": 80}
