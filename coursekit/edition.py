"""Which edition of an assignment a folder holds: checksums over what trainees cannot change.

The checksum of a notebook's locked code cells is computed again in the browser (labextension), which runs a notebook by
itself only when it is one that :func:`allowed` names.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from coursekit import plain
from coursekit.author import Cell, Notebook
from coursekit.course import CourseError
from coursekit.notebooks import marks, read_notebook, text
from widgets.journal import NAME

#: Beside outbound/: every checksum that a notebook of this course was ever released with.
EDITIONS = "editions.json"
_LIMIT = 20_000_000


def locked_digest(notebook: Notebook) -> str:
    """Hash the locked code cells: their grade_id and source in order, joined by newlines."""
    parts = [part for cell in locked(notebook, "code") for part in (str(marks(cell).get("grade_id", "")), text(cell))]
    return sha256("\n".join(parts).encode()).hexdigest()


def locked(notebook: Notebook, kind: str = "") -> Iterator[Cell]:
    """Yield the locked cells (of one cell type); what is no cell at all is passed over."""
    for cell in notebook["cells"]:
        if not (isinstance(cell, dict) and isinstance(cell.get("metadata"), dict) and isinstance(marks(cell), dict)):
            continue
        if marks(cell).get("locked") and (not kind or cell.get("cell_type") == kind):
            yield cell


def notebook_digest(path: Path) -> str:
    """Hash the locked code cells of a notebook file; one that cannot be read has none."""
    try:
        return locked_digest(read_notebook(path))
    except (CourseError, TypeError, UnicodeEncodeError):
        return ""


def edition(folder: Path) -> str:
    """Hash all that a release fixes: locked cells of its notebooks and its other files; the same for a fetched copy."""
    content = sha256()
    for name, _ in plain.names(folder):
        path = folder / name
        if path.suffix == ".ipynb":
            content.update(f"{name}\0{_fixed(path)}\0".encode())
        elif name.startswith("data/"):
            content.update(f"{name}\0{plain.digest(path, _LIMIT)}\0".encode())
    return content.hexdigest()


def is_current(released: Path, fetched: Path) -> bool:
    """Say whether a fetched folder has everything as it is released now; what it has besides does not count."""
    for name, _ in plain.names(released):
        mine, theirs = fetched / name, released / name
        if theirs.suffix == ".ipynb":
            if _fixed(mine) != _fixed(theirs):
                return False
        elif name != NAME and not _same(mine, theirs):
            return False
    return True


def update(released: Path, fetched: Path) -> list[str]:
    """Bring a fetched folder up to the release without touching answers; returns the names of the files replaced."""
    changed = []
    for name, _ in plain.names(released):
        mine, theirs = fetched / name, released / name
        same = _fixed(mine) == _fixed(theirs) if theirs.suffix == ".ipynb" else _same(mine, theirs)
        if name != NAME and not same:
            mine.parent.mkdir(parents=True, exist_ok=True)
            plain.write(mine, plain.read(theirs, _LIMIT))
            changed.append(name)
    return changed


def record(exchange: Path, assignment: str) -> None:
    """Add what stands in outbound/ to the editions that were ever released."""
    known = editions(exchange)
    for path in sorted((exchange / "outbound" / assignment).glob("*.ipynb")):
        found = known.setdefault(f"{assignment}/{path.name}", [])
        if (digest := notebook_digest(path)) not in found:
            found.append(digest)
    plain.write(exchange / EDITIONS, msgspec.json.format(msgspec.json.encode(known), indent=1))


def editions(exchange: Path) -> dict[str, list[str]]:
    """Return the checksums by notebook, oldest first; without a file there are none."""
    try:
        return msgspec.json.decode(plain.read(exchange / EDITIONS, _LIMIT), type=dict[str, list[str]])
    except (OSError, msgspec.DecodeError):
        return {}


def allowed(exchange: Path, home: Path) -> dict[str, str]:
    """Return for each released notebook the checksum that it may run with in *home*: its own if it was ever released."""
    known = editions(exchange)
    for path in sorted(exchange.glob("outbound/*/*.ipynb")):
        found = known.setdefault(f"{path.parent.name}/{path.name}", [])
        found.append(notebook_digest(path))
    mine = {name: notebook_digest(home / name) for name in known}
    return {name: mine[name] if mine[name] in found else found[-1] for name, found in known.items()}


def _fixed(path: Path) -> str:
    """Hash what trainees cannot change of a notebook: all locked cells and what the kit says of it."""
    try:
        notebook = read_notebook(path)
        cells: list[Any] = [
            (cell.get("cell_type"), marks(cell).get("grade_id"), text(cell)) for cell in locked(notebook)
        ]
    except (CourseError, TypeError):
        return ""
    return sha256(msgspec.json.encode([cells, notebook.get("metadata", {}).get("coursekit")])).hexdigest()


def _same(one: Path, other: Path) -> bool:
    try:
        return plain.digest(one, _LIMIT) == plain.digest(other, _LIMIT)
    except OSError:
        return False
