"""Whoever sends a token, or fetches the keys that tokens are checked by, keeps to the way it was
told."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.ledger.importer.sending import CannotSend, ledger_client
from shared.web.auth import load_jwks


def test_a_key_set_is_not_looked_for_where_a_redirect_leads() -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/other")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            # The answer is the error, too: closed like one.
            with pytest.raises(OSError, match="302") as caught:
                load_jwks(f"http://127.0.0.1:{server.server_port}/jwks")
            caught.value.close()  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            serving.join()
    assert asked == ["/jwks"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://ledger.example", "plain text"),
        ("https://u:hush@ledger.example", "names a user"),
        ("ftp://ledger.example", "http://"),
    ],
)
def test_the_importers_token_goes_nowhere_in_plain_text(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOUP_SERVICE_TOKEN", "a-token")
    with pytest.raises(CannotSend, match=words) as caught:
        ledger_client(url, "demo")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:1", "https://ledger.example"])
def test_the_importer_sends_to_this_machine_or_encrypted(
    url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOUP_SERVICE_TOKEN", "a-token")
    ledger_client(url, "demo").close()
    monkeypatch.setenv("RECOUP_PRIVATE_NETWORK", "1")
    ledger_client("http://ledger:8001", "demo").close()
