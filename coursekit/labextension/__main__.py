"""Join the extension's sources into one script and name it after its contents.

Run ``python -m coursekit.labextension`` after every change in ``src/``; a test says when that was forgotten. JupyterLab
tells browsers to keep the script for a year, so a changed script needs a new name.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

SOURCES = Path(__file__).parent / "src"
HOME = Path(__file__).parent / "coursekit"
PARTS = ("parts", "allow", "trouble", "autorun", "work", "home", "desk", "course", "plugin")


def joined() -> str:
    """Return the federated module that the sources make; its style sheet is a string in it."""
    style = json.dumps((SOURCES / "look.css").read_text("utf-8"), ensure_ascii=False)
    parts = [(SOURCES / f"{name}.js").read_text("utf-8") for name in PARTS]
    return "\n".join(['(() => {\n"use strict";', f"const STYLE = {style};", *parts, "})();\n"])


def main() -> None:
    """Write the script under its new name, remove the old one, and point package.json at it."""
    script = joined().encode()
    target = HOME / "static" / f"remoteEntry.{sha256(script).hexdigest()[:12]}.js"
    for old in (HOME / "static").glob("*.js"):
        old.unlink()
    target.write_bytes(script)
    package = json.loads((HOME / "package.json").read_text("utf-8"))
    package["jupyterlab"]["_build"]["load"] = f"static/{target.name}"
    (HOME / "package.json").write_text(json.dumps(package, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
