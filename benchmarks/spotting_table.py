"""A 500-row × 8-column record table in JupyterLab: our spotting exercise beside the same from plain ipywidgets.

Run: PYTHONPATH=tests uv run python benchmarks/spotting_table.py
Measured in Chromium from Shift+Enter until every row can be answered, and from a click until it is painted.
"""

from __future__ import annotations

import json
import math
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from browsing import chromium, jupyterlab
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from rich.console import Console
from rich.table import Table

from coursekit import author

REPO = Path(__file__).resolve().parents[1]
ROWS, COLUMNS = 500, 8
#: Plain controls take so long that one run must do.
RUNS = {"ours": 3, "plain": 1}
#: Who waits longer than this for a page gives up (ms).
LIMIT = 60_000

OURS = 'from widgets import RecordSpotting\n\nRecordSpotting("big")'
PLAIN = """
import json
import math
from ipywidgets import Checkbox, HBox, Label, VBox
rows = json.load(open("data/big.json"))["rows"]
VBox([HBox([Checkbox(description=row["id"]), *(Label(text) for text in row["cells"].values())]) for row in rows])
"""


def data() -> dict[str, Any]:
    """Make a table of records."""
    columns = [{"id": f"c{n}", "text": f"栏目{n}"} for n in range(COLUMNS)]
    rows = [{"id": f"r{n}", "cells": {f"c{k}": f"记录 {n}-{k}" for k in range(COLUMNS)}} for n in range(ROWS)]
    return {
        "kind": "spotting", "title": "大表", "prompt": "找错。", "source": ["性能测量"], "columns": columns, "rows": rows,
        "reasons": [{"id": "a", "text": "甲"}, {"id": "b", "text": "乙"}],
    }  # fmt: skip


def notebook(source: str) -> author.Notebook:
    """Make a notebook with one code cell that does not run by itself."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    made = author.notebook([cell], "大表", 1)
    del made["metadata"]["coursekit"]
    return made


def measure(page: Page, url: str, name: str, ready: str, click: str, done: str) -> tuple[float, float]:
    """Return (open, answer) in milliseconds: until *ready* holds in the page, and from a click until *done* holds.

    Both are infinite when the page was not ready within LIMIT.
    """
    page.goto(f"{url}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    page.locator(".jp-Cell").first.click()
    page.keyboard.press("Control+Home")
    start = time.perf_counter()
    page.keyboard.press("Shift+Enter")
    try:
        page.wait_for_function(ready, timeout=LIMIT, polling=10)
    except PlaywrightTimeoutError:
        return math.inf, math.inf
    opened = 1000 * (time.perf_counter() - start)
    answered = page.evaluate(
        f"""async () => {{
          const start = performance.now();
          document.querySelector({json.dumps(click)}).click();
          while (!({done})) await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          return performance.now() - start;
        }}"""
    )
    return opened, answered


def _words(milliseconds: float) -> str:
    return f"{milliseconds:.0f}" if milliseconds < math.inf else f"{LIMIT} 内没有完成"


def main() -> None:
    """Measure both and print them side by side."""
    table = Table(title=f"{ROWS} × {COLUMNS} 记录表，Chromium（毫秒；本题型为 {RUNS['ours']} 次的中位数）")
    for heading in ("做法", "打开到可作答", "点击到显示"):
        table.add_column(heading)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        (home / "data").mkdir(parents=True)
        (home / "data" / "big.json").write_text(json.dumps(data(), ensure_ascii=False), "utf-8")
        shutil.copytree(REPO / "config", Path(folder) / "config")
        for name, source in (("ours", OURS), ("plain", PLAIN)):
            (home / f"{name}.ipynb").write_text(json.dumps(notebook(source)), "utf-8")
        with jupyterlab(home, Path(folder) / "config") as url, chromium() as browser:
            cases = (
                ("ours", "coursekit 找错（一个 anywidget）", f"document.querySelectorAll('.ck-grid tbody tr').length === {ROWS}",
                 ".ck-grid td", "document.querySelector('.ck-grid td').getAttribute('aria-selected') === 'true'"),
                ("plain", "ipywidgets 复选框加标签", f"document.querySelectorAll('.widget-checkbox input').length === {ROWS} && document.querySelectorAll('.widget-label').length >= {ROWS * COLUMNS}",
                 ".widget-checkbox input", "document.querySelector('.widget-checkbox input').checked"),
            )  # fmt: skip
            for name, label, ready, click, done in cases:
                runs = []
                for _ in range(RUNS[name]):
                    (home / "answers.jsonl").unlink(missing_ok=True)
                    page = browser.new_page()
                    runs.append(measure(page, url, name, ready, click, done))
                    page.close()
                table.add_row(label, *(_words(statistics.median(times)) for times in zip(*runs, strict=True)))
    Console().print(table)


if __name__ == "__main__":
    main()
