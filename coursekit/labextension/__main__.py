"""Join the extension's sources into one script and name it after its contents.

hatch_build.py runs it whenever the kit is installed, and ``uv run`` installs again after every change in ``src/``. JupyterLab
tells browsers to keep the script for a year, so a changed script needs a new name.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

SOURCES = Path(__file__).parent / "src"
HOME = Path(__file__).parent / "coursekit"
PARTS = ("parts", "allow", "trouble", "autorun", "work", "home", "desk", "course", "plugin")


def joined() -> str:
    """Return the federated module that the sources make; its style sheet is a string in it."""
    style = json.dumps((SOURCES / "look.css").read_text("utf-8"), ensure_ascii=False)
    parts = [(SOURCES / f"{name}.js").read_text("utf-8") for name in PARTS]
    return "\n".join(['(() => {\n"use strict";', f"const STYLE = {style};", *parts, "})();\n"])


def main() -> None:
    """Write script and package.json into an emptied folder."""
    script = joined().encode()
    name = sha256(script).hexdigest()[:12]
    target = HOME / "static" / f"remoteEntry.{name}.js"
    rmtree(HOME, ignore_errors=True)
    target.parent.mkdir(parents=True)
    target.write_bytes(script)
    build = {"load": f"static/{target.name}", "extension": "./extension"}
    package = {"name": "coursekit", "version": f"0.0.0+{name}", "jupyterlab": {"_build": build}}
    (HOME / "package.json").write_text(json.dumps(package, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
