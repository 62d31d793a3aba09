"""Reading an environment: typed, and with a clear word for what makes no sense."""

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit


class HasPorts(Protocol):
    """`Common`: ports are counted from its base."""

    @property
    def port_base(self) -> int: ...


PORTS = {"ledger": 0, "segmentation": 1, "outreach": 2, "metrics": 3}  # above RECOUP_PORT_BASE

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class BadSetting(ValueError):
    """A variable of the environment that is missing or makes no sense."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason


class Env:
    """Typed reading of an environment. An empty variable counts as not set."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """The trimmed value, or None when it is not set."""
        return self._values.get(name, "").strip() or None

    def required(self, name: str, why: str) -> str:
        """The value; `why` ends the sentence "NAME is not set: …"."""
        value = self.text(name)
        if value is None:
            raise BadSetting(name, f"is not set: {why}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in _TRUE | _FALSE:
            raise BadSetting(name, f"is {value!r}; it can be 1 or 0")
        return value.lower() in _TRUE

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            raise BadSetting(name, f"is {value!r}, which is not a whole number") from None
        if not low <= number <= high:
            raise BadSetting(name, f"is {number}; it must be between {low} and {high}")
        return number

    def choice(self, name: str, default: str, known: tuple[str, ...]) -> str:
        value = self.text(name) or default
        if value not in known:
            raise BadSetting(name, f"is {value!r}; it can be {' or '.join(known)}")
        return value

    def url(self, name: str, schemes: tuple[str, ...], *, default: str | None = None) -> str | None:
        """A URL with one of the schemes and a host. Never repeated: it may hold a password."""
        value = self.text(name)
        if value is None:
            return default
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018 - reading it checks it
        except ValueError as error:
            raise BadSetting(name, f"is not a URL: {error}") from None
        if parts.scheme not in schemes:
            raise BadSetting(name, f"must start with {' or '.join(s + '://' for s in schemes)}")
        if not parts.hostname:
            raise BadSetting(name, "names no host")
        return value

    def database(self, service: str) -> str:
        """`LEDGER_DATABASE_URL` and its like: there is no default, not even a password."""
        name = f"{service.upper()}_DATABASE_URL"
        self.required(name, "give it a URL like postgresql://user:password@host:5432/database")
        value = self.url(name, ("postgresql",))
        assert value is not None
        if not urlsplit(value).path.strip("/"):
            raise BadSetting(name, "names no database (…@host:5432/database)")
        return value

    def peer(self, service: str, common: HasPorts) -> str:
        """Where a peer's HTTP door is: `LEDGER_URL`, by default its port on this machine."""
        default = f"http://127.0.0.1:{common.port_base + PORTS[service]}"
        value = self.url(f"{service.upper()}_URL", ("http", "https"), default=default)
        assert value is not None
        return value.rstrip("/")
