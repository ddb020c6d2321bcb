"""Editions: fetching again brings the release and keeps answers, and every edition ever released may run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from coursekit import edition
from coursekit.course import Course
from coursekit.nbgrader import Nbgrader
from widgets.journal import NAME


def test_fetching_again_brings_the_release_and_keeps_answers(course: Course, home: Path) -> None:
    """A damaged or older copy is brought up to the release; the journal is not touched."""
    folder = home / "x01"
    before = (folder / NAME).read_bytes()
    (folder / "data" / "x01-o1.json").unlink()
    (folder / "data" / "x01-c1.json").write_text("{}")
    notebook = json.loads((folder / "x01.ipynb").read_text("utf-8"))
    notebook["cells"][1]["source"] = "import os"
    (folder / "x01.ipynb").write_text(json.dumps(notebook), "utf-8")
    released = course.exchanged / "outbound" / "x01"
    assert not edition.is_current(released, folder)
    Nbgrader(course).fetch_assignment("x01", home)
    assert edition.is_current(released, folder)
    assert (folder / NAME).read_bytes() == before


def test_a_fetched_notebook_with_outputs_is_current(course: Course, home: Path) -> None:
    """Running and saving a notebook is no reason to be offered a new edition."""
    path = home / "x01" / "x01.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}], "execution_count": 3}
    path.write_text(json.dumps(notebook), "utf-8")
    before = path.read_bytes()
    assert edition.is_current(course.exchanged / "outbound" / "x01", home / "x01")
    Nbgrader(course).fetch_assignment("x01", home)
    assert path.read_bytes() == before


def test_every_edition_ever_released_may_run(course: Course, tmp_path: Path) -> None:
    """Who fetched before a correction keeps exercises that run; a stranger's notebook of the same name does not."""
    exchange = tmp_path / "exchange"
    shutil.copytree(course.exchanged, exchange, ignore=shutil.ignore_patterns("inbound"))
    home = tmp_path / "home"
    shutil.copytree(exchange / "outbound" / "x01", home / "x01")
    old = edition.notebook_digest(home / "x01" / "x01.ipynb")
    released = exchange / "outbound" / "x01" / "x01.ipynb"
    released.write_text(released.read_text("utf-8").replace("x01-o1", "x01-o9"), "utf-8")
    edition.record(exchange, "x01")
    assert edition.allowed(exchange, home) == {"x01/x01.ipynb": old}
    stranger = (home / "x01" / "x01.ipynb").read_text("utf-8").replace("from widgets import", "import")
    (home / "x01" / "x01.ipynb").write_text(stranger, "utf-8")
    assert edition.allowed(exchange, home) == {"x01/x01.ipynb": edition.notebook_digest(released)}
