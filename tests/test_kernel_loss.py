"""Nothing acknowledged is ever lost: the kernel is killed at random under random clicking in a real browser.

Five kills by default, two hundred with ``COURSEKIT_SOAK=full``; ``COURSEKIT_SEED`` seeds the dice.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from browsing import chromium, require_chromium
from building import EXERCISES, make_course, write_assignment
from playwright.sync_api import Page
from test_lab import kernels, lab, open_module, watched

from coursekit.course import Course
from coursekit.nbgrader import Nbgrader
from widgets import journal

pytestmark = [pytest.mark.browser, pytest.mark.soak]

FULL = os.environ.get("COURSEKIT_SOAK") == "full"
KILLS = 200 if FULL else 5
#: So many modules are open at once, each in a window of its own with a kernel of its own.
WINDOWS = 4 if FULL else 1
#: The full form stops here and says how far it came (seconds).
LIMIT = 25 * 60
SEED = int(os.environ.get("COURSEKIT_SEED", "1"))

#: Page side: what a card shows, in the form of plain(); and every answer that stood there when a card said 已保存.
PREPARE = """() => {
  window.ckTitle = (card) => card.querySelector("h3").textContent;
  window.ckShown = (card) => {
    if (card.querySelector(".ck-doc")) {
      const rows = {};
      for (const doc of card.querySelectorAll(".ck-doc")) {
        const status = doc.querySelector(".ck-seg input:checked");
        const [category, reason] = [...doc.querySelectorAll("select")].map((one) => one.value);
        if (status?.value) rows[status.name.split("-").pop()] = [status.value, category, reason, doc.querySelector(".ck-check input").checked];
      }
      return {rows, disposition: card.querySelector(".ck-decide input:checked")?.value ?? null};
    }
    if (card.querySelector(".ck-grid")) {
      const marks = {};
      for (const line of card.querySelectorAll("li[data-mark]")) marks[line.dataset.mark] = line.querySelector("select").value;
      return {marks, none: card.querySelector(":scope label.ck-check input").checked};
    }
    return {order: [...card.querySelectorAll("ol > li[data-step]")].map((item) => item.dataset.step)};
  };
  window.ckLook = () => Object.fromEntries([...document.querySelectorAll(".ck-card")].map((card) =>
    [ckTitle(card), {state: card.querySelector(".ck-status").dataset.state, shown: ckShown(card)}]));
  window.ckTold = [];
  new MutationObserver((changes) => {
    for (const {target} of changes) {
      const card = target.closest?.(".ck-card");
      if (card && target.matches(".ck-status") && target.dataset.state === "saved") ckTold.push([ckTitle(card), ckShown(card)]);
    }
  }).observe(document.body, {subtree: true, attributes: true, attributeFilter: ["data-state"]});
}"""
#: Click something that answers, as a hand would; returns the title of the exercise.
CLICK = """(dice) => {
  const pick = (items, die) => items[Math.floor(die * items.length)];
  const card = pick([...document.querySelectorAll(".ck-card")], dice[0]);
  if (!card) return null;
  const things = [...card.querySelectorAll("input, td[data-cell], select, ol button")].filter((one) => !one.disabled && one.offsetParent && one.dataset.do !== "grip");
  const thing = pick(things, dice[1]);
  if (!thing) return null;
  if (thing.tagName !== "SELECT") { thing.click(); return ckTitle(card); }
  const values = [...thing.options].map((option) => option.value).filter((value) => value && value !== thing.value);
  if (!values.length) return null;
  thing.value = pick(values, dice[2]);
  thing.dispatchEvent(new Event("change", {bubbles: true}));
  return ckTitle(card);
}"""
BACK = """(runs) => {
  const states = [...document.querySelectorAll(".ck-card .ck-status")].map((node) => node.dataset.state);
  const banner = document.querySelector(".ck-strip .ck-banner:not([hidden])");
  const go = [...document.querySelectorAll(".ck-banner button:not([hidden]):not(:disabled)")].find((one) => one.textContent === "继续");
  if (go && banner?.dataset.state === "dead") return "继续";
  const ran = Number(document.querySelector("[data-ck-ready]")?.dataset.ckRuns) > runs;
  const calm = !["dead", "busy"].includes(banner?.dataset.state);
  return ran && calm && states.length === 3 && states.every((state) => ["saved", "blank"].includes(state));
}"""


@dataclass
class Soak:
    """One run: the page, the trainee's folder, the dice, and what was counted."""

    page: Page
    folder: Path
    dice: random.Random
    count: Counter[str]
    runs: int = 0
    untouched: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)

    def click(self) -> str | None:
        """Click somewhere; returns the exercise's title."""
        title: str | None = self.page.evaluate(CLICK, [self.dice.random() for _ in range(3)])
        self.count["clicks"] += title is not None
        return title

    def look(self) -> dict[str, Any]:
        """Return what every card says and shows, read in one go."""
        found: dict[str, Any] = self.page.evaluate("ckLook()")
        return found

    def strike(self) -> None:
        """Click, kill the kernel in the midst of it, click on."""
        self.runs = self.page.evaluate("Number(document.querySelector('[data-ck-ready]').dataset.ckRuns)")
        for _ in range(self.dice.randint(1, 12)):
            self.click()
            self.page.wait_for_timeout(self.dice.choice([0, 0, 5, 30, 120]))
        before, entries = self.look(), self.latest()
        told = {title: one["shown"] for title, one in before.items() if one["state"] == "saved"}
        for title, shown in told.items():
            assert entries[title] == shown, f"“{title}” says 已保存, but the journal has something else"
        touched = {self.click()} if self.dice.random() < 0.7 else set()  # the worst moment: no acknowledgement yet
        self.page.wait_for_timeout(self.dice.randint(0, 40))
        self.kill()
        for _ in range(self.dice.randint(0, 4)):
            touched.add(self.click())
            self.page.wait_for_timeout(self.dice.choice([0, 50, 300]))
        self.untouched = {title: shown for title, shown in told.items() if title not in touched}
        self.last = self.look()

    def kill(self) -> None:
        """Kill the kernel that runs in this folder."""
        (kernel,) = kernels(self.folder)
        kernel.kill()
        self.count["kills"] += 1

    def settle(self) -> None:
        """Wait until the exercises have run again and are settled, pressing 继续 when the page asks for it; compare."""
        while self.page.wait_for_function(BACK, arg=self.runs, timeout=120_000).json_value() == "继续":
            self.page.locator(".ck-banner:visible").get_by_role("button", name="继续").click()
            self.count["继续 pressed"] += 1
            self.page.wait_for_timeout(200)
        self.compare()

    def compare(self) -> None:
        """Hold the page against the journal, and both against what was said before the kill."""
        now, entries, lines = self.look(), self.latest(), self.lines()
        for title, one in now.items():
            if one["state"] == "saved":
                assert entries[title] == one["shown"], f"“{title}” after the restart: page and journal differ"
        for title, shown in self.untouched.items():
            assert entries[title] == shown, f"“{title}” was 已保存 and is something else after the restart"
            self.count["saved answers compared"] += 1
        for title, shown in self.page.evaluate("ckTold.splice(0)"):
            assert shown in lines[title], f"“{title}” said 已保存 of an answer that the journal never had"
            self.count["acknowledgements checked"] += 1
        for title, one in self.last.items():
            if one["state"] not in ("saved", "blank"):
                kept = now[title]["shown"] == one["shown"]
                self.count["unsaved at the kill, kept" if kept else "unsaved at the kill, lost"] += 1

    def latest(self) -> dict[str, Any]:
        """Return the journal's answers by title."""
        found = journal.read(self.folder / journal.NAME).entries
        return {
            title: plain(journal.json(found[name].answer))
            for name, title in titles(self.folder).items()
            if name in found
        }

    def lines(self) -> dict[str, list[Any]]:
        """Return every answer that the journal ever held, by title."""
        names = titles(self.folder)
        found: dict[str, list[Any]] = {title: [] for title in names.values()}
        for line in (self.folder / journal.NAME).read_bytes().splitlines():
            if line.endswith(b"}"):
                entry = json.loads(line)
                found[names[entry["exercise"]]].append(plain(entry["answer"]))
        return found


def titles(folder: Path) -> dict[str, str]:
    """Return the titles of the exercises by name."""
    return {path.stem: json.loads(path.read_text("utf-8"))["title"] for path in (folder / "data").glob("*.json")}


def plain(answer: Any) -> Any:
    """Write an answer of the journal as a card shows it."""
    if "rows" in answer:
        fields = ("category", "reason")
        rows = {
            name: [row["status"], *(row.get(one) or "" for one in fields), bool(row.get("notice"))]
            for name, row in answer["rows"].items()
            if row.get("status")
        }
        return {"rows": rows, "disposition": answer.get("disposition")}
    if "marks" in answer:
        marks = {cell: mark.get("reason") or "" for cell, mark in answer["marks"].items()}
        return {"marks": marks, "none": bool(answer.get("none"))}
    return {"order": answer["order"]}


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    require_chromium()
    course = make_course(tmp_path / "course")
    home = course.root / "homes" / "t001"
    home.mkdir(parents=True)
    for number in range(1, WINDOWS + 1):
        name = f"x{number:02}"
        if number > 1:
            write_assignment(course.source / name, {one.replace("x01", name): made for one, made in EXERCISES.items()})
        nbgrader = Nbgrader(course)
        nbgrader.generate_assignment(name)
        nbgrader.release_assignment(name)
        nbgrader.fetch_assignment(name, home)
    return course


def test_every_saved_answer_is_there_after_the_kernel_was_killed(course: Course) -> None:
    """What a page said was 已保存 is in the journal at that moment, and on the page and in the journal after the restart."""
    begin, dice, count = time.monotonic(), random.Random(SEED), Counter[str]()
    with lab(course, "--trainee", "t001") as url, chromium() as browser, ExitStack() as stack:
        windows = []
        for number in range(1, WINDOWS + 1):
            page = stack.enter_context(watched(browser, url))
            page.locator("[data-ck-home]").wait_for(timeout=60_000)
            open_module(page, f"x{number:02}")
            page.evaluate(PREPARE)
            windows.append(Soak(page, course.root / "homes" / "t001" / f"x{number:02}", dice, count))
        try:
            while count["kills"] < KILLS and time.monotonic() - begin < LIMIT:
                for one in windows:
                    one.strike()
                for one in windows:
                    one.settle()
        finally:
            count["journal lines"] = sum(len(lines) for one in windows for lines in one.lines().values())
            print(f"seed {SEED}, {time.monotonic() - begin:.0f} s: {dict(count)}", flush=True)
        assert all(one.page.locator(".jp-Dialog").count() == 0 for one in windows)
    assert count["kills"] >= KILLS
