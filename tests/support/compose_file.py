"""docker-compose.yml as Compose itself reads it: variables put in, anchors merged, services of the profiles chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+):(?P<sign>[-?])(?P<rest>[^}]*)\}")


def example_env() -> dict[str, str]:
    """Return what .env.example sets."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the file with variables of `env` in their places.

    Raises:
        KeyError: A variable that must be set is not; the message is the file's.
    """

    def value(match: re.Match[str]) -> str:
        if env.get(match["name"]):
            return env[match["name"]]
        if match["sign"] == "?":
            raise KeyError(match["rest"])
        return match["rest"]

    text = _VARIABLE.sub(value, PATH.read_text(encoding="utf-8"))
    found = yaml.safe_load(text.replace("$$", "$"))
    return {key: part for key, part in found.items() if not key.startswith("x-")}


def services_of(compose: Mapping[str, Any], profile: str) -> dict[str, Any]:
    """Return the services that run under one profile."""
    services: dict[str, Any] = compose["services"]
    return {name: body for name, body in services.items() if profile in body.get("profiles", [profile])}
