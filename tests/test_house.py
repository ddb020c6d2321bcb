"""What could drift is a test: layers, names of folders, versions, the extension's file name."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path

from building import REPO

#: The lowest layer: pure decisions that import nothing but the standard library and msgspec.
PURE = {
    "assess", "calculation", "case", "checklist", "choice", "classification", "drill", "form", "guard", "journal", "kind",
    "kinds",
    "matching", "ordering", "page", "pool", "poset", "practice", "scenario", "score", "spec", "spotting", "story",
    "text", "typed", "ways",
    "workdays",
}  # fmt: skip


def imports(path: Path) -> set[str]:
    """List every module that a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_widgets_never_imports_coursekit() -> None:
    """Arrows go from coursekit to widgets: what trainees run does not know what grades them."""
    for path in (REPO / "widgets").glob("*.py"):
        assert not any(name.split(".")[0] == "coursekit" for name in imports(path)), path.name


def test_decisions_import_no_front_end_and_no_database() -> None:
    """The lowest layer stays light, so that a pool of graders starts in milliseconds."""
    heavy = {"anywidget", "ipywidgets", "traitlets", "IPython", "nbgrader", "nbformat", "sqlalchemy", "rich", "typer"}
    for name in PURE:
        assert not {module.split(".")[0] for module in imports(REPO / "widgets" / f"{name}.py")} & heavy, name


def test_no_module_imports_itself_in_a_circle() -> None:
    """Top-level imports form no cycle in either package."""
    graph: dict[str, set[str]] = {}
    for package in ("widgets", "coursekit"):
        for path in (REPO / package).glob("*.py"):
            if path.stem == "__init__":
                continue
            tree = ast.parse(path.read_text("utf-8"))
            graph[f"{package}.{path.stem}"] = {
                node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module
            }
    known = {name: {other for other in others if other in graph} for name, others in graph.items()}
    assert list(TopologicalSorter(known).static_order())


def test_readmes_name_every_top_level_entry() -> None:
    """Both READMEs map the folders as they are."""
    entries = [
        path.name for path in REPO.iterdir() if path.is_dir() and path.name[0] != "." and (any(path.rglob("*.*")))
    ]
    entries = [name for name in entries if name not in ("demo", "exchange", "dist", "reports")]
    for readme in ("README.md", "README.zh-CN.md"):
        text = (REPO / readme).read_text("utf-8")
        assert [name for name in entries if f"`{name}/`" not in text] == [], readme


def test_readmes_name_every_command() -> None:
    """No command is a secret."""
    from coursekit.cli import app

    for readme in ("README.md", "README.zh-CN.md"):
        text = (REPO / readme).read_text("utf-8")
        for command in app.registered_commands:
            name = command.name or getattr(command.callback, "__name__", "")
            assert f"coursekit {name}" in text, (readme, name)


def test_version_is_the_newest_in_the_changelog() -> None:
    """A release is described."""
    version = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    newest = re.search(r"^## \[(\d[^]]*)\]", (REPO / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert newest is not None
    assert newest[1] == version


def test_the_extension_is_named_after_its_contents() -> None:
    """Browsers keep the extension's script for a year, so a changed script needs a new name."""
    home = REPO / "coursekit" / "labextension" / "coursekit"
    (script,) = (home / "static").glob("*.js")
    assert script.name == f"remoteEntry.{sha256(script.read_bytes()).hexdigest()[:12]}.js"
    package = json.loads((home / "package.json").read_text("utf-8"))
    assert package["jupyterlab"]["_build"]["load"] == f"static/{script.name}"


def test_browser_code_asks_no_other_host_and_writes_no_markup() -> None:
    """Pages work offline, and what a trainee typed is never markup."""
    scripts = [*(REPO / "widgets").glob("*.js"), *(REPO / "widgets").glob("*.css"), *(REPO / "coursekit").rglob("*.js")]
    for path in scripts:
        text = path.read_text("utf-8")
        assert not re.search(r"https?://", text), path.name
        assert "innerHTML" not in text, path.name
        assert "insertAdjacentHTML" not in text, path.name


def test_the_key_delimiters_are_nbgraders() -> None:
    """Nbgrader strips exactly the region that our grade cells use."""
    from nbgrader.preprocessors import ClearHiddenTests

    from coursekit.author import BEGIN, END

    assert ClearHiddenTests().begin_test_delimeter in BEGIN
    assert ClearHiddenTests().end_test_delimeter in END
