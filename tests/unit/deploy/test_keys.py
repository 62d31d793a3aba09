"""Keys and tokens made here open what they should in `shared.web.auth`, and nothing else."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from deploy import keys
from shared import clock
from shared.errors import Unauthenticated
from shared.web.auth import Auth


def auth_for(folder: Path) -> Auth:
    return Auth(jwks=str(folder / keys.PUBLIC), dev_key=None, default_tenant=None)


def a_token(folder: Path, *, ttl: timedelta = timedelta(hours=1), tenant: str = "acme") -> str:
    return keys.mint(
        folder,
        tenant=tenant,
        scopes=["ledger:read", "desk"],
        subject="someone",
        ttl=ttl,
        now=clock.now(),
    )


def test_a_minted_token_is_its_bearers(tmp_path: Path) -> None:
    keys.new_pair(tmp_path)
    caller = auth_for(tmp_path).authenticate(f"Bearer {a_token(tmp_path)}", None)
    assert (caller.subject, caller.tenant) == ("someone", "acme")
    assert caller.scopes == {"ledger:read", "desk"}
    assert not caller.any_tenant


def test_a_token_for_any_tenant_acts_for_the_one_it_chooses(tmp_path: Path) -> None:
    keys.new_pair(tmp_path)
    token = a_token(tmp_path, tenant="*")
    caller = auth_for(tmp_path).authenticate(f"Bearer {token}", "other")
    assert (caller.tenant, caller.any_tenant) == ("other", True)


def test_a_token_that_ended_is_refused(tmp_path: Path) -> None:
    keys.new_pair(tmp_path)
    token = a_token(tmp_path, ttl=timedelta(hours=-1))
    with pytest.raises(Unauthenticated):
        auth_for(tmp_path).authenticate(f"Bearer {token}", None)


def test_a_token_of_a_stranger_is_refused(tmp_path: Path) -> None:
    keys.new_pair(tmp_path / "ours")
    keys.new_pair(tmp_path / "theirs")
    with pytest.raises(Unauthenticated):
        auth_for(tmp_path / "ours").authenticate(f"Bearer {a_token(tmp_path / 'theirs')}", None)


def test_a_second_key_leaves_tokens_of_the_first_alive(tmp_path: Path) -> None:
    keys.new_pair(tmp_path)
    old = a_token(tmp_path)
    keys.new_pair(tmp_path)
    auth = auth_for(tmp_path)
    for token in (old, a_token(tmp_path)):
        assert auth.authenticate(f"Bearer {token}", None).tenant == "acme"


def test_only_the_public_half_is_in_the_key_set(tmp_path: Path) -> None:
    keys.new_pair(tmp_path)
    assert stat.S_IMODE((tmp_path / keys.PRIVATE).stat().st_mode) == 0o600
    (key,) = json.loads((tmp_path / keys.PUBLIC).read_text())["keys"]
    assert set(key) == {"crv", "kty", "x", "kid", "alg", "use"}


def test_the_command_line_makes_and_mints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "keys")
    assert keys.main(["new", folder]) == 0
    capsys.readouterr()
    mint = ["mint", folder, "--tenant", "acme", "--subject", "me", "--scope", "admin"]
    assert keys.main([*mint, "--ttl", "30d"]) == 0
    token = capsys.readouterr().out.strip()
    assert auth_for(tmp_path / "keys").authenticate(f"Bearer {token}", None).scopes == {"admin"}


@pytest.mark.parametrize(
    "wrong",
    [["--ttl", "soon"], ["--ttl", "0h"], ["--tenant", "Not One"], ["--scope", "everything"]],
)
def test_nonsense_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str]
) -> None:
    mint = ["mint", str(tmp_path), "--tenant", "acme", "--subject", "me", "--scope", "admin"]
    with pytest.raises(SystemExit):
        keys.main([*mint, *wrong])
    assert wrong[0] in capsys.readouterr().err


def test_minting_without_a_key_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mint = ["mint", str(tmp_path), "--tenant", "acme", "--subject", "me", "--scope", "admin"]
    assert keys.main(mint) == 1
    assert keys.PRIVATE in capsys.readouterr().err
