"""The process of ``coursekit lab``: JupyterLab without a second and a half of imports that no course needs.

Run as ``python -m coursekit.labprocess`` with JupyterLab's own options.
"""

from __future__ import annotations

import sys
from typing import Any

#: Optional parts of libraries, which these do without when they cannot be imported: jsonschema's check of the format
#: "iri", which builds a grammar first, and httpx's own command line.
UNUSED = ("rfc3987_syntax", "httpx._main")


def main() -> None:
    """Run JupyterLab until it is stopped."""
    nothing: Any = None
    sys.modules.update(dict.fromkeys(UNUSED, nothing))
    from jupyterlab.labapp import main as run

    sys.argv[0] = "jupyter-lab"
    sys.exit(run())


if __name__ == "__main__":
    main()
