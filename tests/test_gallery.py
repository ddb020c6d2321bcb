"""The gallery shows every kind in every state, to everybody: axe finds nothing serious, at any width, light or dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Watch, chromium, require_chromium, voila
from building import REPO, VIEWS
from playwright.sync_api import Page
from samples import GALLERY

from coursekit.check import exercise_names
from coursekit.notebooks import read_notebook, shown_exercise
from coursekit.proof import faults
from coursekit.source import Item
from widgets import journal
from widgets.assess import parse_keys
from widgets.kinds import KINDS
from widgets.pool import load_pool

NAMES = sorted(exercise_names(GALLERY))


def test_the_gallery_shows_every_kind_and_all_of_its_data() -> None:
    """Each kind is there, by its own class, and no data file is left over."""
    shown = dict(
        reversed(pair) for pair in filter(None, map(shown_exercise, read_notebook(GALLERY / "gallery.ipynb")["cells"]))
    )
    assert sorted(shown) == NAMES
    kinds = {load_pool(GALLERY, name).kind.name: view for name, view in shown.items()}
    assert kinds.keys() == KINDS.keys()
    assert all(VIEWS[kind].__name__ == view for kind, view in kinds.items())


@pytest.mark.parametrize("name", NAMES)
def test_gallery_exercises_prove_themselves(name: str) -> None:
    """What instructors copy from is sound: the key scores 1, everything 0, guessing little."""
    pool = load_pool(GALLERY, name)
    if pool.kind.by_hand:
        return
    (spec,) = pool.specs.values()
    assert list(faults(Item("", name, parse_keys(pool, spec.practice, 1.0)))) == []


@pytest.fixture(name="page", scope="module", params=["light", "dark"])
def _page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open the gallery in Voila, half of it answered, with the checks pressed."""
    require_chromium()
    root = tmp_path_factory.mktemp("gallery")
    shutil.copytree(GALLERY, root / "home")
    shutil.copytree(REPO / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
    for name in NAMES[::2]:
        pool = load_pool(GALLERY, name)
        (spec,) = pool.specs.values()
        answer: Any = pool.kind.samples(spec, pool.kind.parse_key(spec, spec.practice or {})).partly
        VIEWS[pool.kind.name](name, root / "home").save(answer)
    with voila(root / "home", "gallery.ipynb", root / "config") as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme=request.param)
        watch = Watch(page)
        page.goto(url)
        page.locator(".ck-card").nth(len(NAMES) - 1).wait_for(timeout=60_000)
        if request.param == "dark":
            page.evaluate("document.body.dataset.jpThemeLight = 'false'")
        for button in page.locator(".ck-check-answer").all():
            button.click()
        page.locator(".ck-remark:visible").nth(len(NAMES) // 2).wait_for()
        yield page
        assert watch.outside == []
        assert watch.errors == []


@pytest.mark.browser
def test_axe_finds_nothing_serious(page: Page) -> None:
    """No exercise, answered or not, checked or not, has an accessibility fault that axe calls serious or critical."""
    assert page.locator(".ck-card").count() == len(NAMES)
    found = Axe().run(page, context=".ck-card", options={"resultTypes": ["violations"]}).response["violations"]
    grave = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
    assert grave == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 360, 1280, 1920])
def test_no_card_is_wider_than_its_column(page: Page, width: int) -> None:
    """Cards reflow down to 320 px (WCAG 1.4.10): only tables may scroll sideways, inside themselves."""
    page.set_viewport_size({"width": width, "height": 900})
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.ck-card')].filter(card => card.scrollWidth > card.clientWidth + 1)
              .map(card => card.querySelector('h3').textContent)"""
    )
    assert wide == []


@pytest.mark.browser
def test_targets_are_large_enough(page: Page) -> None:
    """Everything that is pressed is at least 24 px high and wide (WCAG 2.5.8)."""
    page.set_viewport_size({"width": 360, "height": 900})
    small = page.evaluate(
        """() => [...document.querySelectorAll('.ck-card button, .ck-card select, .ck-card label:has(input)')]
              .filter(node => node.offsetParent && (node.offsetHeight < 24 || node.offsetWidth < 24))
              .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert small == []


@pytest.mark.browser
def test_steps_are_ordered_by_single_clicks(page: Page) -> None:
    """Without any dragging: add, pick up by a click and put down by another, move by arrows (WCAG 2.5.7)."""
    page.set_viewport_size({"width": 1280, "height": 1000})
    card = page.locator(".ck-card", has=page.locator("h3", has_text="收件流程"))
    while card.locator("ul [data-do=add]").count():
        card.locator("ul [data-do=add]").first.click()
    names = [li.get_attribute("data-step") for li in card.locator("ol > li").all()]
    card.locator(f'ol li[data-step="{names[0]}"] [data-do=grip]').click()
    card.locator(f'ol li[data-step="{names[2]}"] .ck-text').click()
    card.locator(f'ol li[data-step="{names[-1]}"] [data-do=up]').click()
    moved = [li.get_attribute("data-step") for li in card.locator("ol > li").all()]
    assert moved == [names[1], names[2], names[0], *names[3:-2], names[-1], names[-2]]
    card.locator('.ck-status[data-state="saved"]').wait_for()


def test_answers_of_the_gallery_are_ordinary_answers(tmp_path: Path) -> None:
    """Practice is journalled as everything else."""
    shutil.copytree(GALLERY, tmp_path / "home")
    pool = load_pool(GALLERY, "show-ordering")
    (spec,) = pool.specs.values()
    VIEWS["ordering"]("show-ordering", tmp_path / "home").save({"order": ["s1"]})
    entry = journal.read(tmp_path / "home" / journal.NAME).entries["show-ordering"]
    assert pool.kind.parse_answer(spec, bytes(entry.answer)) == msgspec.convert({"order": ["s1"]}, pool.kind.Answer)
