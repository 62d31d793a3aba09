"""Pages that draw themselves: one HTML text at many addresses, its modules and looks as assets."""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse

from shared.process.answer_headers import PAGE_CONTENT_POLICY
from shared.web.assets import DESIGN, Assets, add_assets

# A page loads and asks nothing but its own service, runs no script of its own text, and stands in
# no other page's frame. What else browsers are told, they are told with every answer.
SHELL_HEADERS = {
    "Content-Security-Policy": PAGE_CONTENT_POLICY,
    "Cache-Control": "no-cache",
    "Vary": "Host",
}

Peers = Callable[[Request], Mapping[str, str]]


class Shell:
    """`index.html` of a folder, in which `{{page}}` and `{{design}}` stand for where the files of
    the folder and of the shared design are, `{{preloads}}` for the modules to fetch at once, and
    `{{peers}}` for where the other services are, as far as it is known."""

    def __init__(self, folder: Path, *, preload: str = "") -> None:
        self.own, self.design = Assets(folder), Assets(DESIGN)
        self.preloads = [name for name in self.own.files if _is_preloaded(name, preload)]
        links = "\n  ".join(
            f'<link rel="modulepreload" href="{self.own.prefix}/{name}">' for name in self.preloads
        )
        text = self.own.text("index.html").replace("{{preloads}}", links)
        text = text.replace("{{page}}", self.own.prefix).replace("{{design}}", self.design.prefix)
        self.text = text

    def answer(self, peers: Mapping[str, str]) -> Response:
        shown = escape(" ".join(f"{name}={origin}" for name, origin in sorted(peers.items())))
        return HTMLResponse(self.text.replace("{{peers}}", shown), headers=SHELL_HEADERS)


def add_shell(app: FastAPI, shell: Shell, paths: Iterable[str], peers: Peers) -> None:
    """The page at each of the paths, and its files. `peers`: where the other services are."""

    async def show(request: Request) -> Response:
        return shell.answer(peers(request))

    for path in paths:
        app.add_route(path, show, methods=["GET"], include_in_schema=False)
    add_assets(app, shell.own, shell.design)


def _is_preloaded(name: str, folder: str) -> bool:
    """The modules directly in the folder; what lies deeper is fetched where it is needed."""
    path = Path(name)
    return bool(folder) and path.suffix == ".js" and path.parent.as_posix() == folder
