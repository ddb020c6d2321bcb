"""Start JupyterLab on a course with the settings of its config folder."""

from __future__ import annotations

import subprocess
import sys

from coursekit.course import Course


def run_lab(course: Course) -> int:
    """Run JupyterLab in the course folder until it is stopped; returns its exit status."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={course.root}"]
    return subprocess.run(command, cwd=course.root, env=course.environment, check=False).returncode
