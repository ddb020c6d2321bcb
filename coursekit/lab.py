"""Start JupyterLab on a course: for an instructor in the course folder, for a trainee in this trainee's own home."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from coursekit.course import Course
from coursekit.inbound import require_trainee

#: What JupyterLab keeps for one person; apart, so that trainees at one machine do not see each other's open tabs.
_OWN = {"JUPYTER_CONFIG_DIR": ".jupyter", "JUPYTER_DATA_DIR": ".local/share/jupyter"}


def run_lab(course: Course, trainee: str | None = None, options: Sequence[str] = ()) -> int:
    """Run JupyterLab in the place of this process, so that who stops the one stops the other.

    Returns its exit status where a process cannot be replaced (Windows). Raises CourseError for an unusable id.
    """
    root = trainee_home(course, trainee) if trainee else course.root
    command = [sys.executable, "-m", "coursekit.labprocess", f"--ServerApp.root_dir={root}", *options]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    env = environment(course, trainee)
    if os.name == "posix":
        os.chdir(root)  # nbgrader's Assignment List fetches into the working directory
        os.execve(command[0], command, env)  # noqa: S606
    return subprocess.run(command, cwd=root, env=env, check=False).returncode


def trainee_home(course: Course, trainee: str) -> Path:
    """Make a trainee's home on this machine, closed to other accounts, and return it."""
    home = course.home(require_trainee(trainee))
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def environment(course: Course, trainee: str | None = None) -> Mapping[str, str]:
    """Return the environment that makes a Jupyter server an instructor's, or that of *trainee*."""
    config = course.root / "config"
    if trainee is None:
        return course.environment | {"COURSEKIT_ROLE": "instructor"}
    home = course.home(require_trainee(trainee))
    own = {name: str(home / place) for name, place in _OWN.items()}
    seat = {"COURSEKIT_ROLE": "trainee", "COURSEKIT_TRAINEE": trainee, "COURSEKIT_HOME": str(home)}
    return (
        course.environment
        | own
        | seat
        | {"JUPYTER_CONFIG_PATH": os.pathsep.join([str(config / "trainee"), str(config)])}
    )
