"""What every test gets."""

from __future__ import annotations

import pytest

from coursekit.console import console


@pytest.fixture(autouse=True)
def _wide_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tables of the command line stand unbroken, whichever test imported the console first."""
    monkeypatch.setattr(console, "_width", 220)
