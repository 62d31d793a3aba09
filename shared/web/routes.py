"""Which route a request is for, and what it needs: known before its body is touched."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from shared.web.auth import BODY_BYTES_MAX, Needs

Endpoint = Callable[[Request], Awaitable[Response]]


class RouteDoor:
    """What the edge knows of a route, its figures and log lines included."""

    __slots__ = ("answers", "body_max", "needs", "path")

    def __init__(self, path: str, needs: tuple[Needs, ...], answers: Endpoint | None) -> None:
        self.path = path
        self.needs = needs
        self.body_max = max((each.body_max for each in needs), default=BODY_BYTES_MAX)
        self.answers = answers  # past the framework


class RouteTable:
    """The routes of an application, in their order."""

    def __init__(self, routes: Iterable[BaseRoute], hot: Mapping[str, Endpoint]) -> None:
        self._exact: dict[str, dict[str, RouteDoor]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, RouteDoor]]] = []
        by_path: dict[str, dict[str, RouteDoor]] = {}
        for route in iter_route_contexts(list(routes)):
            if isinstance(route.original_route, Mount) or not route.path:
                continue
            if route.path not in by_path:
                by_path[route.path] = {}
                if "{" in route.path:
                    self._patterns.append((route.path_regex, by_path[route.path]))
                else:
                    self._exact[route.path] = by_path[route.path]
            needs = tuple(_needs_of(getattr(route, "dependant", None)))
            for method in sorted(route.methods or ()):
                answers = hot.get(f"{method} {route.path}")
                by_path[route.path].setdefault(method, RouteDoor(route.path, needs, answers))

    def find(self, method: str, path: str) -> RouteDoor | None:
        """None: there is no such route, or not with that method."""
        by_method = self._exact.get(path)
        if by_method is not None and (door := by_method.get(method)) is not None:
            return door
        for pattern, doors in self._patterns:
            if pattern.match(path) and method in doors:
                return doors[method]
        return None

    def methods(self, path: str) -> list[str]:
        """Every method that some route of the path has."""
        found = set(self._exact.get(path, ()))
        for pattern, doors in self._patterns:
            if pattern.match(path):
                found.update(doors)
        return sorted(found)

    def doors(self) -> list[tuple[str, RouteDoor]]:
        """Every method with its route."""
        groups = [*self._exact.values(), *(doors for _, doors in self._patterns)]
        return [pair for doors in groups for pair in doors.items()]


def _needs_of(dependant: Any) -> Iterable[Needs]:
    for dependency in getattr(dependant, "dependencies", ()):
        if isinstance(dependency.call, Needs):
            yield dependency.call
        yield from _needs_of(dependency)
