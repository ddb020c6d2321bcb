"""A real JupyterLab and a real Chromium for tests: started on free ports, stopped by the test that asked for them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def require_chromium() -> str:
    """Return Chromium's path; without it the test is skipped, or fails where COURSEKIT_REQUIRE_BROWSER is set."""
    if CHROMIUM is None:
        if os.environ.get("COURSEKIT_REQUIRE_BROWSER"):
            pytest.fail("Chromium is not installed, and COURSEKIT_REQUIRE_BROWSER forbids skipping browser tests")
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)")
    return CHROMIUM


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium."""
    path = require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serve(command: list[str], home: Path, config: Path, ready: str) -> Iterator[str]:
    """Run a Jupyter server until the block ends; yields what the group of *ready* matched in its log."""
    env = os.environ | {
        "JUPYTER_CONFIG_PATH": str(config),
        "JUPYTER_CONFIG_DIR": str(home.parent / "jupyter"),
        "JUPYTER_DATA_DIR": str(home.parent / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(home.parent / "jupyter-run"),
    }
    server = subprocess.Popen(command, cwd=home, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert server.stderr is not None
    log: list[str] = []
    try:
        for line in server.stderr:
            log.append(line)
            found = re.search(ready, line)
            if found:
                threading.Thread(target=server.stderr.read, daemon=True).start()
                yield found[1]
                return
        pytest.fail("the server did not start:\n" + "".join(log[-20:]))
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def jupyterlab(home: Path, config: Path) -> Iterator[str]:
    """Start JupyterLab in a trainee's *home* with the course's *config*; yields its base URL."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.port=0"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={home}"]
    with serve(command, home, config, r"(http://(?:localhost|127\.0\.0\.1):\d+)/lab") as url:
        yield url


@contextmanager
def voila(home: Path, notebook: str, config: Path) -> Iterator[str]:
    """Serve a notebook with Voila and the kit's template; yields its URL."""
    with socket.socket() as probe:  # Voila does not tell a port that the system chose
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "voila", notebook, "--no-browser", f"--port={port}", "--template=coursekit"]
    with serve([*command, "--Voila.ip=127.0.0.1"], home, config, r"(http://127\.0\.0\.1:\d+)") as url:
        yield url


class Watch:
    """Keeps what a page must never do: ask another host, or fail in its scripts."""

    def __init__(self, page: Page) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on(
            "request",
            lambda r: (
                self.outside.append(r.url)
                if not re.match(r"(https?|wss?)://(localhost|127\.0\.0\.1)[:/]|data:|blob:", r.url)
                else None
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))


def open_notebook(page: Page, url: str, path: str) -> None:
    """Open a course notebook and wait until all of its exercises have run."""
    page.goto(f"{url}/lab/tree/{path}?reset")
    page.wait_for_selector("[data-ck-ready]", timeout=60_000)


def open_on_telephone(browser: Browser, file: Path) -> Page:
    """Open a page from the disk at 320 px: it asks for nothing else and does not scroll sideways."""
    page = browser.new_page(viewport={"width": 320, "height": 700})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    return page


def card(page: Page, title: str) -> Locator:
    """Return the exercise with *title* in its heading."""
    return page.locator(".ck-card", has=page.locator("h3", has_text=title))


def saved(exercise: Locator) -> None:
    """Wait until the exercise says that its answer is on the disk."""
    exercise.locator('.ck-status[data-state="saved"]').wait_for(timeout=15_000)
