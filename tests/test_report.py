"""The report of a real small class: its numbers are the gradebook's, it opens offline, and nobody's name is markup."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Watch, chromium
from building import make_course, write_assignment
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab
from samples import sample
from sqlalchemy import create_engine, insert, update
from sqlalchemy.pool import NullPool
from typer.testing import CliRunner

from coursekit import charts
from coursekit.cli import app
from coursekit.course import Course, CourseError
from coursekit.evaluation import COMPONENTS, Mark, below_floor, rounded
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from coursekit.nbgrader import Nbgrader
from coursekit.report import SHOWN, Page, file_stem, render, write_report
from coursekit.report_data import Book, Person, Sheet, read_book
from coursekit.report_items import Column as Item
from coursekit.report_view import analysis, averages, components, needs, reached, shown, spread, troubles
from coursekit.schema import PERSON
from coursekit.settings import Component, Evaluation
from coursekit.source import load_items
from coursekit.workers import workers
from widgets import journal

EVIL = '<script>alert("x")</script>&amp;"\'>'
#: How t00 … t11 answer x01: from everything right to nothing at all.
HOW = ("right", "right", "right", "right", "partly", "partly", "partly", "wrong", "wrong", "wrong", "", "right")


def hand_in(course: Course, assignment: str, trainee: str, how: str) -> None:
    """Put a submission into submitted/ as nbgrader collects it; *how* names the sample answers, empty for none."""
    folder = course.folder("submitted", trainee, assignment)
    shutil.copytree(course.folder("release", ".", assignment), folder)
    lines = []
    for item in load_items(course, assignment) if how else ():
        variant = item.of(trainee)
        answer = getattr(variant.samples(), how)
        entry = {"v": 1, "exercise": item.exercise, "variant": variant.name, "seq": 1, "at": "2026-11-22T08:00:00.000Z"}
        lines.append(msgspec.json.encode(entry | {"answer": answer}) + b"\n")
    (folder / journal.NAME).write_bytes(b"".join(lines))


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Grade a class of twelve in x01 and a drill d01; t12 handed nothing in, t13 is archived, one name is hostile."""
    course = make_course(tmp_path_factory.mktemp("report") / "course")
    data, key = sample("scenario")
    essay, _ = sample("text")
    write_assignment(
        course.source / "d01", {"d01-s1": ("Scenario", data, key, 10), "d01-t1": ("FreeText", essay, {}, 5)}
    )
    nbgrader = Nbgrader(course)
    for name in ("x01", "d01"):
        nbgrader.generate_assignment(name)
    for number, how in enumerate(HOW):
        hand_in(course, "x01", f"t{number:02d}", how)
        if number < 6:
            hand_in(course, "d01", f"t{number:02d}", how)
    for name in ("x01", "d01"):
        grade_assignment(course, name)
    engine = create_engine(course.db_url, poolclass=NullPool)
    with open_gradebook(course) as gradebook:
        student = gradebook._t["student"]
    with engine.begin() as db:
        db.execute(insert(student), [{"id": name, "first_name": "", "last_name": ""} for name in ("t12", "t13")])
        db.execute(update(student).where(student.c.id == "t00").values(first_name="赵一"))
        now = datetime(2026, 11, 22, 8, 0)  # noqa: DTZ001  the gradebook's times are UTC without zone
        usual = {"unit": "", "counter": "", "class_name": "一班", "extra": "{}", "added": now, "updated": now}
        people: list[dict[str, Any]] = [
            usual | {"student_id": f"t{n:02d}", "name": f"学员{n}", "archived": n == 13} for n in range(14)
        ]
        people[3] |= {"name": EVIL}
        people[5] |= {"class_name": EVIL}
        db.execute(insert(PERSON), people)
    return course


@pytest.fixture(name="report", scope="module")
def _report(course: Course) -> Path:
    return write_report(course)


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def opened(browser: Browser, report: Path, width: int = 1100) -> tuple[Tab, Watch]:
    """Open a report from the disk, with everything unfolded; returns what it asked and broke as well."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    watch = Watch(page)
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return page, watch


def row(page: Tab, section: str, head: str) -> list[str]:
    """Return the cells of the table row that *head* begins."""
    line = page.locator(
        f"{section} tbody tr", has=page.locator("th", has_text=re.compile(rf"^{re.escape(head)}(\s|$)"))
    ).first
    return [text.strip() for text in line.locator("td").all_inner_texts()]


@pytest.mark.browser
def test_the_page_asks_nothing_of_anybody_and_axe_finds_nothing_serious(browser: Browser, report: Path) -> None:
    """Offline, without scripts, at any width without sideways scrolling of the page itself."""
    for width in (320, 1100, 1920):
        page, watch = opened(browser, report, width)
        assert [url for url in watch.outside if url != page.url] == []
        assert watch.errors == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        assert page.locator("script").count() == 0
        page.close()


@pytest.mark.browser
def test_the_numbers_are_the_gradebooks(browser: Browser, report: Path, course: Course) -> None:
    """Means, passes and missing people as SQL alone counts them."""
    with open_gradebook(course) as gradebook:
        scores = gradebook.scores("x01")
        stored = gradebook.assignment("x01")
    maximum = sum(cell.maximum for cell in stored.notebooks[0].graded)
    totals = sorted(100 * sum(value or 0 for value in cells.values()) / maximum for cells in scores.values())
    page, _ = opened(browser, report)
    cells = row(page, "#modules", "x01")
    passed = sum(total >= 80 for total in totals)
    assert cells[:2] == ["12", f"{sum(totals) / 12:.1f}"]
    assert cells[4:6] == [f"{totals[0]:.1f}", f"{totals[-1]:.1f}"]
    assert cells[6].startswith(f"{passed}（")
    for cell in stored.notebooks[0].graded:
        mean = sum(scores[who][cell.name] or 0 for who in scores) / 12 / cell.maximum
        assert row(page, "#items", cell.name)[1].startswith(f"{100 * mean:.1f}%")
    assert row(page, "#todo", "x01")[:3] == ["12", "1", "t12 学员12"]
    assert row(page, "#todo", "d01")[:2] == ["6", "7"]
    page.close()


@pytest.mark.browser
def test_the_dashboard_answers_at_a_glance_and_leads_on(browser: Browser, report: Path, course: Course) -> None:
    """Four numbers on top, each a link to the list that it counts; every link of the page leads somewhere."""
    page, _ = opened(browser, report)
    book = read_book(course, [])
    counts = [int(text) for text in page.locator(".cards strong").all_inner_texts()]
    assert counts[:3] == [8, 6, len(troubles(book, averages(book), 80))]
    for href in page.locator('a[href^="#"]').evaluate_all("all => all.map((one) => one.getAttribute('href'))"):
        assert page.evaluate("name => Boolean(document.getElementById(name))", href[1:]), href
    assert "t13" not in page.locator("body").inner_text()
    page.close()


@pytest.mark.browser
def test_every_chart_has_a_name_and_a_table(browser: Browser, report: Path) -> None:
    """What the eye sees can be read: each drawing is named, and its section holds a table."""
    page, _ = opened(browser, report)
    drawings = page.locator("svg")
    assert drawings.count() >= 4
    for drawing in drawings.all():
        assert drawing.get_attribute("role") == "img"
        assert drawing.get_attribute("aria-label")
        assert drawing.locator("xpath=ancestor::section[1]//table").count()
    page.close()


def test_names_and_classes_are_text(report: Path, course: Course) -> None:
    """A hostile name is shown as it is and is no markup."""
    html = report.read_text("utf-8")
    assert "<script" not in html
    assert EVIL in unescape(html)
    with pytest.raises(CourseError, match=r"现有班级：.*一班"):
        write_report(course, group="二班")


def test_the_error_table_counts_what_was_answered(course: Course) -> None:
    """Options, rows and steps with how many erred, of how many; swapped pairs; ways through a drill."""
    x01, d01 = sorted(read_book(course, []).sheets, key=lambda sheet: sheet.assignment, reverse=True)
    assert x01.answers is not None
    assert d01.answers is not None
    found = {item.name: item for item in x01.answers.items}
    assert {(item.answered, item.blank, item.invalid) for item in found.values()} == {(11, 1, 0)}
    for item in found.values():
        assert item.worst
        for one in item.worst:
            assert 0 <= one.errors <= one.count == 11
            assert sum(one.given.values()) == one.errors
    assert found["x01-o1"].swaps
    assert all(count <= 11 for _, count in found["x01-o1"].swaps)
    (drill,) = d01.answers.items
    first = [count for (step, *_), count in drill.way if step == 1]
    assert sum(first) == 6
    assert sum(count for (start, _), count in drill.drawn.items() if start[0] == 0) == 6


def test_a_report_of_one_class_knows_nobody_else(course: Course, tmp_path: Path) -> None:
    """--class keeps the others' names and marks out; the file is for its maker's eyes."""
    out = tmp_path / "deep" / "r.html"
    result = CliRunner().invoke(
        app, ["report", "x01", "--class", EVIL, "--out", str(out), "--course", str(course.root)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    html = out.read_text("utf-8")
    assert "t05" in html
    assert not re.search(r"\bt0[0-46-9]\b|d01", html)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in out.parent.iterdir()] == ["r.html"]


def test_what_cannot_be_reported_is_said(course: Course, tmp_path: Path) -> None:
    """An unknown assignment, a course without marks, a place that cannot be written: what is wrong and what to do."""
    with pytest.raises(CourseError, match="没有名为“m99”"):
        write_report(course, ["m99"])
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="--out"):
        write_report(course, out=tmp_path / "file" / "r.html")
    other = make_course(tmp_path / "new")
    with pytest.raises(CourseError, match="gradebook"):
        write_report(other)
    Nbgrader(other).generate_assignment("x01")
    with pytest.raises(CourseError, match="没有可以统计的内容"):
        write_report(other)


def sheet(name: str, marks: dict[str, list[float | None]], **more: Any) -> Sheet:
    """Make a sheet whose items are worth 50 points each."""
    columns = tuple(Item(f"{name}-{n}", f"题{n}", 50.0, None) for n in range(len(next(iter(marks.values()), [0, 0]))))
    rows = {who: tuple(found) for who, found in marks.items()}
    usual: dict[str, Any] = {"bonus": {}, "waiting": {}, "missing": (), "ungraded": (), "faults": {}, "overdue": False}
    return Sheet(name, name, columns, rows, **(usual | more))


def book(*sheets: Sheet) -> Book:
    """Make a class of a, b and c."""
    return Book({who: Person(who, "", "") for who in "abc"}, sheets, "")


def test_who_is_at_risk_and_who_needs_what() -> None:
    """A mean below the pass mark, or something overdue; resits change neither mean nor analysis."""
    found = book(
        sheet("m01", {"a": [50.0, 50.0], "b": [30.0, 40.0], "c": [40.0, 40.0]}),
        sheet("m02", {"a": [20.0, 50.0], "b": [50.0, 45.0]}, missing=("c",), overdue=True),
        sheet("e01", {"a": [50.0, 50.0]}, missing=("b", "c")),
        sheet("e01-2", {"b": [0.0, 0.0]}),
    )
    assert [(one.person.id, one.reasons) for one in troubles(found, averages(found), 80)] == [("c", ("逾期未交 m02",))]
    assert [(one.person.id, one.weak, one.missing) for one in needs(found, averages(found), 80)] == [
        ("c", (), ("m02", "e01")),
        ("b", (("m01", 70.0),), ("e01",)),
        ("a", (("m02", 70.0),), ()),
    ]
    (theory,) = components(found, Evaluation())
    assert (theory.name, theory.papers, theory.spread.mean, theory.below) == ("理论", ("e01",), 100.0, 0)


def test_an_item_that_awaits_a_person_spoils_nothing() -> None:
    """Most have no mark: the item is left out. One has none: this person is."""
    marks: dict[str, list[float | None]] = {"a": [50.0, 50.0, None], "b": [30.0, 40.0, None], "c": [40.0, None, None]}
    found = analysis(sheet("m01", marks))
    assert found.paper is not None
    assert (found.paper.count, found.incomplete, found.unmarked) == (2, 1, ("题2",))
    assert [item.name for item in found.paper.items] == ["m01-0", "m01-1"]


@given(st.lists(st.floats(0, 120), min_size=1, max_size=50), st.integers(0, 100))
def test_a_distribution_counts_everybody_once(marks: list[float], line: int) -> None:
    """Every mark has its bin, those above a hundred (extra credit) the last."""
    found = spread(marks, line)
    assert found is not None
    assert sum(found.counts) == found.count == len(marks)
    assert found.counts[-1] == sum(mark >= 90 for mark in marks)
    assert found.lowest <= found.middle <= found.highest


@given(st.text(), st.lists(st.integers(0, 500), min_size=1, max_size=10))
def test_a_chart_is_well_formed_whatever_its_words(words: str, counts: list[int]) -> None:
    """Names of any origin end as text inside the drawing."""
    text = "".join(letter for letter in words if letter.isprintable())
    from xml.etree import ElementTree as ET

    flows = {((0, text), (1, f"{text}{place}")): count + 1 for place, count in enumerate(counts)}
    values = {f"{text}{place}": count / 500 for place, count in enumerate(counts)}
    for drawn in (
        charts.histogram(text, counts, [text] * len(counts), 0.8),
        charts.bars(text, [charts.Bar(text, count / 500, text, (0.1, 0.9)) for count in counts]),
        charts.radar(text, values, 0.8),
        charts.sankey(text, flows, [text]),
    ):
        root = ET.fromstring(drawn)
        assert root.get("aria-label") == text


def test_a_report_is_named_after_what_it_covers() -> None:
    """A class's name is no path."""
    assert file_stem([]) == "全部"
    assert file_stem(["m04"]) == "m04"
    assert file_stem(["m04", "m05"], "../一班/甲") == "m04-m05-_一班_甲"


def test_a_long_class_is_listed_in_part(course: Course) -> None:
    """The page stays readable, and says how many are not on it."""
    many = {f"p{number:03d}": Person(f"p{number:03d}", "", "") for number in range(SHOWN + 50)}
    found = Book(many, (sheet("m01", {who: [10.0, 20.0] for who in many}),), "")
    html = render(
        Page(course.settings, found, datetime(2026, 11, 22, 16, 0, tzinfo=course.zone), [analysis(found.sheets[0])])
    )
    assert html.count(f"只列出前 {SHOWN} 人，共 {SHOWN + 50} 人") == 2
    assert f"p{SHOWN - 1:03d}" in html
    assert f"p{SHOWN:03d}" not in html


@pytest.mark.parametrize(
    ("mark", "said", "passes"), [(79.95, "80.0", True), (79.94, "79.9", False), (80.0, "80.0", True)]
)
def test_a_mark_is_rounded_and_judged_as_the_evaluation_does(mark: float, said: str, passes: bool) -> None:
    assert str(shown(mark)) == said
    assert reached(mark, 80) is passes


@given(hundredths=st.integers(0, 130_00), maximum=st.integers(1, 130), line=st.integers(0, 100))
def test_report_and_evaluation_agree_on_every_line(hundredths: int, maximum: int, line: int) -> None:
    rules = Evaluation(floors=dict.fromkeys(COMPONENTS, line))
    exact = Fraction(min(hundredths, 100 * maximum), maximum)
    marks: dict[Component, Mark] = dict.fromkeys(COMPONENTS, exact)
    percent = 100 * (min(hundredths, 100 * maximum) / 100) / maximum
    assert shown(percent) == rounded(exact)
    assert reached(percent, line) is not bool(below_floor(rules, marks))


def test_a_worker_that_dies_is_said_in_chinese() -> None:
    with pytest.raises(CourseError, match="意外结束"), workers() as pool:
        pool.submit(os._exit, 1).result()
