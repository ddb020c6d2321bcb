"""Name the extension's script after its contents: JupyterLab tells browsers to keep it for a year.

Run ``python -m coursekit.labextension`` after every change of the script; a test says when that was forgotten.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

HOME = Path(__file__).parent / "coursekit"


def main() -> None:
    """Rename the script and point package.json at it."""
    (script,) = (HOME / "static").glob("*.js")
    target = script.with_name(f"remoteEntry.{sha256(script.read_bytes()).hexdigest()[:12]}.js")
    script.rename(target)
    package = json.loads((HOME / "package.json").read_text("utf-8"))
    package["jupyterlab"]["_build"]["load"] = f"static/{target.name}"
    (HOME / "package.json").write_text(json.dumps(package, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
