"""m04 as a trainee meets it: in JupyterLab, in Chromium, by mouse and by keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Watch, card, chromium, jupyterlab, open_notebook, require_chromium, saved
from building import REPO
from playwright.sync_api import Locator, Page

from coursekit.course import Course
from coursekit.grade import grade_assignment
from coursekit.nbgrader import Nbgrader
from coursekit.source import Variant, load_items
from widgets import journal

pytestmark = pytest.mark.browser


@pytest.fixture(name="course")
def _course(tmp_path: Path) -> Course:
    require_chromium()
    root = tmp_path / "course"
    for folder in ("source", "config"):
        shutil.copytree(REPO / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Course.load(root)


@pytest.fixture(name="home")
def _home(course: Course, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    nbgrader = Nbgrader(course)
    nbgrader.generate_assignment("m04")
    nbgrader.release_assignment("m04")
    nbgrader.fetch_assignment("m04", home)
    return home


@pytest.fixture(name="page")
def _page(course: Course, home: Path) -> Iterator[Page]:
    with jupyterlab(home, course.root / "config") as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        watch = Watch(page)
        open_notebook(page, url, "m04/m04.ipynb")
        yield page
        assert watch.outside == []
        assert watch.errors == []


def test_a_trainee_answers_reloads_submits_and_gets_the_marks(course: Course, home: Path, page: Page) -> None:
    """Answers by mouse and keyboard survive a reload and are worth what the keys say."""
    items = {item.exercise: item for item in load_items(course, "m04")}
    by_mouse = {"m04-c01": _checklist, "m04-w01": _spotting, "m04-o02": _ordering}
    for name, answer in by_mouse.items():
        exercise = card(page, items[name].of("root").spec.title)
        answer(exercise, items[name].of("root"))
        saved(exercise)
    keyed = card(page, items["m04-o01"].of("root").spec.title)
    _ordering_by_keyboard(page, keyed, items["m04-o01"].of("root"))
    saved(keyed)
    before = {name: _answer(home, name) for name in [*by_mouse, "m04-o01"]}

    page.reload()
    page.wait_for_selector("[data-ck-ready]", timeout=60_000)
    for name in before:
        exercise = card(page, items[name].of("root").spec.title)
        saved(exercise)
        assert exercise.locator(".ck-progress").inner_text() == "已作答"
    assert card(page, items["m04-w01"].of("root").spec.title).locator('td[aria-selected="true"]').count() == len(
        items["m04-w01"].of("root").key.errors
    )
    assert {name: _answer(home, name) for name in before} == before

    nbgrader = Nbgrader(course)
    nbgrader.submit("m04", home, "t001")
    nbgrader.collect("m04")
    (graded,) = grade_assignment(course, "m04")
    assert graded.points == sum(items[name].maximum for name in before)


def _answer(home: Path, name: str) -> Any:
    return journal.json(journal.read(home / "m04" / journal.NAME).entries[name].answer)


def _checklist(exercise: Locator, item: Variant) -> None:
    spec: Any = item.spec
    for row in spec.rows:
        key = item.key.rows[row.id]
        box = exercise.locator("fieldset.ck-doc").nth([r.id for r in spec.rows].index(row.id))
        box.locator(".ck-seg label", has_text="合格" if key.status == "ok" else "有问题").click()
        if key.status == "defect":
            box.locator("select").nth(0).select_option(key.category)
            box.locator("select").nth(1).select_option(key.reason)
            if key.notice:
                box.get_by_text("列入一次性告知书").click()
    decision = next(d.text for d in spec.dispositions if d.id == item.key.disposition)
    exercise.locator(".ck-decide").get_by_text(decision, exact=True).click()


def _spotting(exercise: Locator, item: Variant) -> None:
    for cell, error in item.key.errors.items():
        exercise.locator(f'td[data-cell="{cell}"]').click()
        exercise.locator(f'li[data-mark="{cell}"] select').select_option(error.reason)


def _ordering(exercise: Locator, item: Variant) -> None:
    for place, step in enumerate(item.samples().right["order"]):
        exercise.locator(f'li[data-step="{step}"] select').select_option(str(place))


def _ordering_by_keyboard(page: Page, exercise: Locator, item: Variant) -> None:
    exercise.locator('button[data-do="grip"]').first.focus()
    for place, step in enumerate(item.samples().right["order"]):
        for _ in range(400):  # Tab to the step's handle, as a hand would
            if (
                page.evaluate("document.activeElement.closest('li')?.dataset.step + document.activeElement.dataset.do")
                == f"{step}grip"
            ):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        while (now := _place(exercise, step)) != place:
            page.keyboard.press("ArrowUp" if now > place else "ArrowDown")
        page.keyboard.press("Space")
        page.evaluate("document.activeElement.closest('ol').querySelector('button[data-do=grip]').focus()")


def _place(exercise: Locator, step: str) -> int:
    return [li.get_attribute("data-step") for li in exercise.locator("ol > li").all()].index(step)
