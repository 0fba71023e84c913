"""The page."""

from __future__ import annotations

from fastapi import FastAPI

from serve.service import Service


def mount_page(app: FastAPI, service: Service) -> None:
    """Mount the page at `/`."""
