"""`kb serve` at the command line: keys, and refusals before anything is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from core.files import Home


def kb(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kb.cli", *arguments],
        env={**os.environ, "KB_HOME": str(home.root)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def test_keys_are_made_listed_and_removed(home: Home) -> None:
    made = kb(home, "serve", "keys", "add", "alice")
    secret = made.stdout.strip()
    assert made.returncode == 0 and secret.startswith("kb-") and secret not in made.stderr
    listed = kb(home, "serve", "keys", "list", "--json")
    assert [key["name"] for key in json.loads(listed.stdout)["keys"]] == ["alice"]
    assert secret not in listed.stdout
    assert kb(home, "serve", "keys", "add", "alice").returncode == 2
    assert kb(home, "serve", "keys", "rm", "--yes", "alice").returncode == 0
    assert kb(home, "serve", "keys", "rm", "--yes", "alice").returncode == 2
    assert json.loads(kb(home, "serve", "keys", "list", "--json").stdout) == {"keys": []}


def test_others_are_not_let_in_without_a_key(home: Home) -> None:
    done = kb(home, "serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2 and "kb serve keys add" in done.stderr


def test_missing_weights_are_named_at_once(home: Home) -> None:
    done = kb(home, "serve", "--port", "0")
    assert done.returncode == 3 and "kb models pull minilm" in done.stderr


def test_stdio_is_for_tools_alone(home: Home) -> None:
    for arguments in (["--stdio"], ["--stdio", "--mcp", "--ui"]):
        assert kb(home, "serve", *arguments).returncode == 2


def test_a_taken_port_is_named(model_home: Home) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = kb(model_home, "serve", "--port", str(port), "--api")
    assert done.returncode == 4 and f"127.0.0.1:{port}" in done.stderr


def test_help_loads_no_server() -> None:
    code = (
        "import sys; sys.argv=['kb','serve','--help']\n"
        "from kb.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'gradio','fastapi','uvicorn','mcp','numpy','torch','serve'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "MCP" in done.stdout
