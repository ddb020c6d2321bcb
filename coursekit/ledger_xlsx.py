"""``coursekit ledger``: the training ledger as one workbook, and a personal file (培训档案) per trainee."""

from __future__ import annotations

from pathlib import Path

from coursekit.ledger import Ledger
from coursekit.ledger_sheets import sheets
from coursekit.xlsx import write_book

#: Where ledgers lie in the course folder; they name people and are never in git.
FOLDER = "ledger"


def write_ledger(ledger: Ledger, out: Path | None = None, group: str = "") -> Path:
    """Write the ledger and return its path: by default ledger/培训台账-<day>.xlsx in the course folder."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in group)[:40]
    name = f"培训台账{f'-{safe}' if group else ''}-{ledger.made:%Y%m%d}.xlsx"
    path = out or ledger.course.root / FOLDER / name
    settings = ledger.course.settings
    heading = f"{settings.centre}培训台账" + (f"（{group}）" if group else "")
    write_book(path, sheets(ledger), heading, f"{ledger.made:%Y-%m-%d %H:%M} 生成，内部资料")
    return path
