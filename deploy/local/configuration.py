"""Every setting that is wrong, told at once and before anything is started."""

from collections.abc import Callable, Mapping
from importlib import import_module

from deploy.local import databases
from deploy.local import platform as local
from shared.process.environment import BadSetting, BadSettings
from shared.process.settings import PORTS, Common
from shared.process.variables import SERVICES

_NOWHERE = "postgresql://recoup@127.0.0.1:5432/recoup"
_ANY_KEY = "the launcher makes the key"  # what services derive of it is not looked at here
_OF_SERVICES = tuple(f"{service}_" for service in SERVICES)


def check(environment: Mapping[str, str], *, with_kafka: bool) -> None:
    """Raises `BadSetting`: one, or several at once."""
    given = {
        name: value
        for name, value in environment.items()
        if with_kafka or not name.startswith("KAFKA_")
    }
    values = {
        "RECOUP_DEV_KEY": _ANY_KEY,
        **given,
        "RECOUP_LOCAL": "1",
        **{f"{service.upper()}_DATABASE_URL": _NOWHERE for service in PORTS},
    }
    faults: dict[str, BadSetting] = {}
    for read in _readers(given):
        try:
            read(values)
        except BadSetting as error:
            faults |= {str(fault): fault for fault in error.faults}
    if faults:
        raise BadSettings([*faults.values()])


def _readers(given: Mapping[str, str]) -> list[Callable[[Mapping[str, str]], object]]:
    readers: list[Callable[[Mapping[str, str]], object]] = [
        Common.from_env,
        databases.server_of,
        local.workers_from,
    ]
    if any(name.startswith(_OF_SERVICES) for name in given):  # half a second of loading else
        modules = [import_module(f"services.{service}.settings") for service in PORTS]
        readers += [module.Settings.from_env for module in modules]
    return readers
