"""How long a trainee waits for the first usable exercise and for the next module: ``coursekit lab`` beside ``jupyter lab``.

Run: uv run python benchmarks/startup.py [--runs 3] [--modules m04 m05 m06]

Real servers, real kernels, Debian's Chromium; the modules were fetched before. "Usable" is when an exercise of the module
takes a click; the whole module is ready when all of its exercises stand. Stock JupyterLab has no settings of ours; its
trainee is infinitely quick: a script opens each notebook and runs all cells the moment that this is possible.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from coursekit.course import Course
from coursekit.nbgrader import Nbgrader
from coursekit.source import load_items

REPO = Path(__file__).resolve().parents[1]
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
WAIT = 120_000
CARD = ".jp-NotebookPanel:not(.lm-mod-hidden) .ck-card"
#: Open a notebook, wait for its kernel, run all cells.
RUN_ALL = """async (path) => {
  const { commands } = window.jupyterapp;
  const panel = await commands.execute("docmanager:open", { path });
  await panel.context.ready;
  await panel.sessionContext.ready;
  commands.execute("notebook:run-all-cells");
}"""
ALL_STAND = f"(count) => document.querySelectorAll({CARD!r}).length >= count"
#: A module, seconds until its first exercise, seconds until all.
Row = tuple[str, float, float]


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
def serving_since(command: list[str], cwd: Path) -> Iterator[tuple[str, float]]:
    """Start a server with a Jupyter data folder of its own, as on a new machine; yields its address and when it began."""
    begin = time.perf_counter()
    data = {f"JUPYTER_{name}_DIR": str(cwd / f".jupyter-{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")}
    process = subprocess.Popen(command, cwd=cwd, env=os.environ | data, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        url = next(
            found[1] for line in process.stderr if (found := re.search(r"(http://127\.0\.0\.1:\d+/lab\S*)", line))
        )
        threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop the server
        wait_for_port(url)
        yield url, begin
    finally:
        process.terminate()
        process.wait(20)


def wait_for_port(url: str) -> None:
    """Return when the server listens: it prints its address a moment before."""
    place = urlsplit(url)
    while True:
        with suppress(ConnectionRefusedError), socket.create_connection((place.hostname, place.port)):
            return


@contextmanager
def fresh_page() -> Iterator[Page]:
    """Open a browser that knows nothing yet."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS.split())
        yield browser.new_page()
        browser.close()


def ours(course: Course, modules: list[str]) -> Iterator[Row]:
    """Time a cold start of ``coursekit lab --trainee`` and the opening of each module by its button."""
    cli = "from coursekit.cli import main; main()"
    command = [sys.executable, "-c", cli, "lab", "--trainee", "t001", "--port", "0", "--no-browser"]
    with fresh_page() as page, serving_since(command, course.root) as (url, begin):
        page.goto(url)
        for name in modules:
            page.locator(f'.ck-module[data-module="{name}"]').wait_for(timeout=WAIT)
            asked = begin if name == modules[0] else time.perf_counter()
            page.locator(f'.ck-module[data-module="{name}"]').get_by_role("button", name="打开").click()
            page.locator(CARD).first.wait_for(timeout=WAIT)
            first = time.perf_counter() - asked
            page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)[data-ck-ready]").wait_for(timeout=WAIT)
            yield name, first, time.perf_counter() - asked
            page.locator(".ck-strip:visible").get_by_role("button", name="← 课程首页").click()


def stock(course: Course, modules: list[str]) -> Iterator[Row]:
    """Time a cold start of ``jupyter lab`` in the same home, and "run all cells" in each module."""
    home = course.home("t001")
    options = ["--port=0", "--no-browser", "--allow-root", "--expose-app-in-browser", f"--ServerApp.root_dir={home}"]
    with fresh_page() as page, serving_since([sys.executable, "-m", "jupyterlab", *options], home) as (url, begin):
        page.goto(url)
        page.wait_for_function("window.jupyterapp?.shell && window.jupyterapp.restored", timeout=WAIT)
        page.evaluate("window.jupyterapp.restored")
        for name in modules:
            asked = begin if name == modules[0] else time.perf_counter()
            page.evaluate(RUN_ALL, f"{name}/{name}.ipynb")
            page.locator(CARD).first.wait_for(timeout=WAIT)
            first = time.perf_counter() - asked
            page.wait_for_function(ALL_STAND, arg=exercises(course, name), timeout=WAIT)
            yield name, first, time.perf_counter() - asked


def exercises(course: Course, name: str) -> int:
    """Count the graded exercises of a module."""
    return len(load_items(course, name))


def main() -> None:
    """Run both by turns and print medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--modules", nargs="+", default=["m04", "m05", "m06"])
    chosen = parser.parse_args()
    times: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(chosen.runs):
        for way, measure in (("coursekit lab", ours), ("jupyter lab", stock)):
            with tempfile.TemporaryDirectory() as folder:
                course = course_with(Path(folder) / "course", chosen.modules)
                for name, first, whole in measure(course, chosen.modules):
                    times.setdefault((way, name), []).append((first, whole))
    table = Table(
        "做法",
        "打开",
        "首题可答（秒）",
        "全部就绪（秒）",
        "最慢一次（秒）",
        title=f"{os.cpu_count()} 核，{chosen.runs} 次的中位数",
    )
    for (way, name), found in times.items():
        first, whole = (statistics.median(values) for values in zip(*found, strict=True))
        what = f"冷启动到 {name}" if name == chosen.modules[0] else f"再打开 {name}"
        table.add_row(way, what, f"{first:.1f}", f"{whole:.1f}", f"{max(whole for _, whole in found):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
