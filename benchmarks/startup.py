"""How long a trainee waits: from ``coursekit lab --trainee`` to the first usable exercise, then to the next module.

Run: uv run python benchmarks/startup.py [--runs 3] [--modules m04 m05 m06]

Real server, real kernels, Debian's Chromium; the modules were fetched before. "Usable" is when an exercise of the module
takes a click; the whole module is ready when all of its exercises stand.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from coursekit.course import Course
from coursekit.nbgrader import Nbgrader

REPO = Path(__file__).resolve().parents[1]
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
WAIT = 120_000
CARD = ".jp-NotebookPanel:not(.lm-mod-hidden) .ck-card"


def course_with(root: Path, modules: list[str]) -> Course:
    """Make a course in which t001 has fetched *modules*."""
    shutil.copytree(REPO / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
    for name in modules:
        shutil.copytree(REPO / "source" / name, root / "source" / name)
    course = Course.load(root)
    home = course.home("t001")
    home.mkdir(parents=True)
    for name in modules:
        steps = Nbgrader(course)
        steps.generate_assignment(name)
        steps.release_assignment(name)
        steps.fetch_assignment(name, home)
    return course


@contextmanager
def serving_since(command: list[str], cwd: Path, env: dict[str, str]) -> Iterator[tuple[str, float]]:
    """Start a server with a Jupyter data folder of its own, as on a new machine; yields its address and when it began."""
    begin = time.perf_counter()
    data = {f"JUPYTER_{name}_DIR": str(cwd / f".jupyter-{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")}
    process = subprocess.Popen(command, cwd=cwd, env=os.environ | data | env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        url = next(
            found[1] for line in process.stderr if (found := re.search(r"(http://127\.0\.0\.1:\d+/lab\S*)", line))
        )
        threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop the server
        yield url, begin
    finally:
        process.terminate()
        process.wait(20)


def open_module(page: Page, name: str) -> tuple[float, float]:
    """Click 打开; returns the seconds until a card stands, and until all do."""
    page.locator(f'.ck-module[data-module="{name}"]').wait_for(timeout=WAIT)
    begin = time.perf_counter()
    page.locator(f'.ck-module[data-module="{name}"]').get_by_role("button", name="打开").click()
    page.locator(CARD).first.wait_for(timeout=WAIT)
    first = time.perf_counter() - begin
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)[data-ck-ready]").wait_for(timeout=WAIT)
    return first, time.perf_counter() - begin


@contextmanager
def fresh_page() -> Iterator[Page]:
    """Open a browser that knows nothing yet."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS.split())
        yield browser.new_page()
        browser.close()


def ours(modules: list[str]) -> list[tuple[str, float, float]]:
    """Time a cold start and the opening of each module; rows are (what, first card, all cards)."""
    with tempfile.TemporaryDirectory() as folder:
        course = course_with(Path(folder) / "course", modules)
        command = [
            sys.executable,
            "-c",
            "from coursekit.cli import main; main()",
            "lab",
            "--trainee",
            "t001",
            "--port",
            "0",
        ]
        with fresh_page() as page, serving_since([*command, "--no-browser"], course.root, {}) as (url, begin):
            page.goto(url)
            page.locator("[data-ck-home]").wait_for(timeout=WAIT)
            home = time.perf_counter() - begin
            first, whole = open_module(page, modules[0])
            rows = [("课程首页", home, home), (f"冷启动到 {modules[0]}", home + first, home + whole)]
            for name in modules[1:]:
                page.locator(".ck-strip:visible").get_by_role("button", name="← 课程首页").click()
                rows.append((f"再打开 {name}", *open_module(page, name)))
    return rows


def main() -> None:
    """Run both and print medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--modules", nargs="+", default=["m04", "m05", "m06"])
    chosen = parser.parse_args()
    times: dict[str, list[tuple[float, float]]] = {}
    for _ in range(chosen.runs):
        for what, first, whole in ours(chosen.modules):
            times.setdefault(what, []).append((first, whole))
    table = Table(
        "做法",
        "第一道题可作答（秒，中位数）",
        "全部就绪（秒，中位数）",
        "最慢一次",
        title=f"{os.cpu_count()} 核，{chosen.runs} 次",
    )
    for what, found in times.items():
        first, whole = (statistics.median(values) for values in zip(*found, strict=True))
        table.add_row(what, f"{first:.1f}", f"{whole:.1f}", f"{max(whole for _, whole in found):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
