"""The exercises of the gallery as samples for tests: docs/data is the one place where they are written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GALLERY = Path(__file__).resolve().parents[1] / "docs"


def sample(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (data file, key) of a gallery exercise as if it were for points."""
    data = json.loads((GALLERY / "data" / f"show-{name}.json").read_text("utf-8"))
    key = data.pop("practice", {})  # free text has no key
    return {field: value for field, value in data.items() if field not in ("policy", "hints", "back")}, key


def samples(kind: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return all gallery exercises of a kind by name."""
    names = sorted(path.stem.removeprefix("show-") for path in (GALLERY / "data").glob("show-*.json"))
    return {name: found for name in names if (found := sample(name))[0]["kind"] == kind}
