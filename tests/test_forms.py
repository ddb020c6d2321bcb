"""Forms that people fill in: they bring no points, what is missing is said, and a survey keeps nobody's name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Watch, card, chromium, require_chromium, saved, voila
from building import REPO, make_course
from openpyxl import load_workbook
from sqlalchemy import select
from typer.testing import CliRunner

from coursekit import author
from coursekit.check import check
from coursekit.cli import app
from coursekit.course import Course, CourseError
from coursekit.effect_schema import FORM
from coursekit.feedback import write_feedback
from coursekit.forms import Question
from coursekit.forms_store import collect, export, stored
from coursekit.grade import grade_assignment
from coursekit.nbgrader import Nbgrader
from coursekit.records import open_records
from coursekit.status import overviews
from widgets.exercise import FormEntry

PEER = {
    "peer": "t2", "day": "2026-11-20", "scene": "k1", "good1": "先报件数再放下", "good2": "说全了要补的材料",
    "good3": "请对方核对后才提交", "advice": "离开时摆提示牌",
}  # fmt: skip
FIVE = {"k1": "5 很满意", "k2": "4 满意", "k3": "3 一般", "k4": "2 不满意", "k5": "1 很不满意"}


def course_with(root: Path, name: str) -> Course:
    """Make a course whose only assignment is one of the kit's forms."""
    for folder in ("config", f"source/{name}"):
        shutil.copytree(REPO / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Course.load(root)


def hand_in(course: Course, name: str, trainee: str, fields: dict[str, str]) -> None:
    """Answer a form as a page does and hand it in."""
    folder = course.folder("submitted", trainee, name)
    if not folder.is_dir():
        shutil.copytree(course.source / name, folder)
    FormEntry(f"{name}-f01", folder, trainee).save({"fields": fields})


@pytest.mark.parametrize("name", ["s01", "s02", "s03"])
def test_forms_pass_the_check_and_bring_no_points(name: str, tmp_path: Path) -> None:
    """A form may be released and graded like any assignment; there is nothing to mark, by hand or by the program."""
    course = course_with(tmp_path, name)
    assert check(course, name) == []
    Nbgrader(course).generate_assignment(name)
    hand_in(course, name, "t1", {"day": "2026-11-20"} if name != "s03" else {"all": "k1"})
    (report,) = grade_assignment(course, name)
    assert (report.points, report.errors) == (0, {})


def test_a_form_must_not_be_graded(tmp_path: Path) -> None:
    """A grade cell for what has no right answer is a fault."""
    course = course_with(tmp_path, "s02")
    path = course.source / "s02" / "s02.ipynb"
    made = json.loads(path.read_text("utf-8"))
    key = {"fields": {name: {"accept": [word], "why": "。"} for name, word in PEER.items()}}
    made["cells"].append(author.grade_cell("s02-f01", 5, key))
    path.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    assert any("没有对错，不能计分" in fault.what for fault in check(course, "s02"))


def test_a_peer_review_is_three_merits_and_one_suggestion(tmp_path: Path) -> None:
    """Fewer, doubled or about oneself are not taken, and the message says whose and why; the complete one is kept."""
    course = course_with(tmp_path, "s02")
    hand_in(course, "s02", "t1", PEER)
    hand_in(course, "s02", "t2", PEER)
    hand_in(course, "s02", "t3", {name: text for name, text in PEER.items() if name not in ("good3", "advice")})
    hand_in(course, "s02", "t4", {**PEER, "good2": " 先报件数再放下 "})
    shutil.copytree(course.source / "s02", course.folder("submitted", "t5", "s02"))
    found = collect(course, "s02")
    assert [sheet.trainee for sheet in found.sheets] == ["t1"]
    assert {(fault.trainee, fault.what) for fault in found.faults} == {
        ("t2", "“被评同事的工号”填的是自己的工号"),
        ("t3", "没有填“优点三”"),
        ("t3", "没有填“建议”"),
        ("t4", "“优点一”和“优点二”写的是同一句"),
    }
    assert found.silent == 1
    with open_records(course) as connection:
        ((assignment, sheet),) = stored(connection)
    assert (assignment, dict(sheet.words)["建议"], dict(sheet.words)["在哪里看到的"]) == (
        "s02",
        "离开时摆提示牌",
        "窗口办件",
    )


def test_collecting_again_replaces_a_persons_own_sheet(tmp_path: Path) -> None:
    """A corrected form takes the place of the old one; twice the same is once."""
    course = course_with(tmp_path, "s02")
    hand_in(course, "s02", "t1", PEER)
    collect(course, "s02")
    hand_in(course, "s02", "t1", {**PEER, "advice": "先听完再回答"})
    collect(course, "s02")
    collect(course, "s02")
    with open_records(course) as connection:
        assert [dict(sheet.words)["建议"] for _, sheet in stored(connection, "s02")] == ["先听完再回答"]


def survey(course: Course, people: int) -> None:
    """Hand in surveys that all differ."""
    for number in range(people):
        hand_in(course, "s03", f"secret{number}", {"all": f"k{1 + number % 5}", "best": f"第{9 - number}条"})


def test_a_survey_keeps_nobodys_name(tmp_path: Path) -> None:
    """No id, no time, rows in the order of their contents; nor does the command line name anybody."""
    course = course_with(tmp_path, "s03")
    survey(course, 6)
    hand_in(course, "s03", "secret9", {"best": "没有总分"})
    done = CliRunner().invoke(app, ["forms", "collect", "s03", "--course", str(course.root)], catch_exceptions=False)
    assert "收了 6 份（不记名）" in done.output
    assert "没有填“总的来说”" in done.output
    assert "secret" not in done.output
    with open_records(course) as connection:
        rows = connection.execute(select(FORM).order_by(FORM.c.id)).all()
    assert [(row.student_id, row.at) for row in rows] == [(None, None)] * 6
    assert [row.answer for row in rows] == sorted(row.answer for row in rows)
    assert "secret" not in "".join(row.answer for row in rows)


def test_a_survey_is_not_lost_to_fewer_sheets(tmp_path: Path) -> None:
    """Rows that cannot be told apart give way only as a whole, and to fewer only when asked."""
    course = course_with(tmp_path, "s03")
    survey(course, 6)
    collect(course, "s03")
    shutil.rmtree(course.folder("submitted", "secret0", "s03"))
    with pytest.raises(CourseError, match="以前收过 6 份，这次只有 5 份"):
        collect(course, "s03")
    assert len(collect(course, "s03", replace=True).sheets) == 5


def test_export_counts_options_and_keeps_small_surveys_back(tmp_path: Path) -> None:
    """The summary has each option's number and the mean; fewer than five surveys are not shown."""
    course = course_with(tmp_path, "s03")
    survey(course, 4)
    collect(course, "s03")
    with pytest.raises(CourseError, match="不足 5 份不导出"):
        export(course, "s03", tmp_path / "a.xlsx")
    survey(course, 6)
    collect(course, "s03")
    assert export(course, "s03", tmp_path / "a.xlsx") == 6
    made = load_workbook(tmp_path / "a.xlsx")
    rows: list[Any] = [row for row in made["汇总"].iter_rows(min_row=2, values_only=True) if row[0] == "总的来说"]
    assert [(row[1], row[2]) for row in rows] == list(zip(FIVE.values(), (2, 1, 1, 1, 1), strict=True))
    assert rows[0][4] == pytest.approx(20 / 6)
    assert "工号" not in [cell.value for cell in made["明细 s03-f01"][1]]


def test_a_mean_needs_marks() -> None:
    """Options without a number have no mean, and nobody's answer has none either."""
    assert Question("q", {"做到了": 3, "没做到": 1}, ()).mean is None
    assert Question("q", {"5 好": 3, "1 差": 1}, ()).mean == 4
    assert Question("q", {"5 好": 0, "1 差": 0}, ()).mean is None


def test_what_is_no_form_is_refused(tmp_path: Path) -> None:
    """A graded assignment, and a form that nobody handed in, end in a cure."""
    with pytest.raises(CourseError, match="coursekit grade"):
        collect(make_course(tmp_path / "a"), "x01")
    with pytest.raises(CourseError, match="coursekit collect s01"):
        collect(course_with(tmp_path / "b", "s01"), "s01")


@pytest.mark.browser
def test_a_form_goes_from_the_page_into_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is chosen and typed on the page stands in the row; the page says that it brings no points (axe: no fault)."""
    require_chromium()
    monkeypatch.setenv("COURSEKIT_TRAINEE", "t1")
    course = course_with(tmp_path / "course", "s02")
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(course.source / "s02", home / "s02")
    with voila(home / "s02", "s02.ipynb", course.root / "config") as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 320, "height": 800})
        watch = Watch(page)
        page.goto(url)
        form = card(page, "同事互评")
        form.wait_for(timeout=60_000)
        assert "不计分，记名" in form.inner_text()
        labels = {
            field["id"]: field["text"] for field in json.loads((home / "s02/data/s02-f01.json").read_text())["fields"]
        }
        form.get_by_label(labels["scene"]).select_option(label="窗口办件")
        for name in (name for name in PEER if name != "scene"):
            form.get_by_label(labels[name], exact=False).first.fill(PEER[name])
        form.get_by_label(labels["advice"], exact=False).first.press("Tab")
        saved(form)
        faults = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        assert (faults, watch.outside, watch.errors) == ([], [], [])
    shutil.copytree(home / "s02", course.folder("submitted", "t1", "s02"))
    (sheet,) = collect(course, "s02").sheets
    assert [word for _, word in sheet.words] == [PEER[name] if name != "scene" else "窗口办件" for name in labels]


def test_a_form_is_done_when_it_was_graded_and_has_no_feedback(tmp_path: Path) -> None:
    """Status does not wait for marks that there will never be, and 反馈 says what to do instead."""
    course = course_with(tmp_path / "course", "s02")
    Nbgrader(course).generate_assignment("s02")
    shutil.copytree(course.folder("release", ".", "s02"), course.folder("submitted", "t1", "s02"))
    hand_in(course, "s02", "t1", PEER)
    (course.folder("submitted", "t1", "s02") / "timestamp.txt").write_text("2026-11-20 08:00:00 UTC", "utf-8")
    (before,) = overviews(course, ["s02"])
    assert any("还没有评分" in problem for problem in before.problems)
    grade_assignment(course, "s02")
    (after,) = overviews(course, ["s02"])
    assert not any("评分" in problem or "反馈" in problem for problem in after.problems)
    with pytest.raises(CourseError, match="forms collect s02"):
        write_feedback(course, "s02")
