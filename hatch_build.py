"""The build hook: joins the JupyterLab extension's sources, all that this kit has to compile, into a generated folder."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class JoinExtension(BuildHookInterface[Any]):
    """Runs for wheels and for editable installs, so that ``uv run`` is enough after a change."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Join before the files are collected."""
        runpy.run_path(str(Path(self.root) / "coursekit" / "labextension" / "__main__.py"), run_name="__main__")
