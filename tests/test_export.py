"""nbgrader's doors: grades as XLSX and CSV that a spreadsheet cannot turn against its reader, and xAPI statements."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from office import NAMES, UNIT, enrol, examine, mark, released_course
from openpyxl import load_workbook

from coursekit import xapi
from coursekit.course import Course
from coursekit.evaluate import evaluate_course

SCHEMA = Draft202012Validator(
    json.loads(Path(__file__).with_name("xapi_statement.json").read_text("utf-8")),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
CMI5 = ("initialized", "completed", "passed", "failed", "abandoned", "waived", "terminated", "satisfied")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = released_course(tmp_path_factory.mktemp("export"))
    enrol(course)
    examine(course)
    evaluate_course(course, write=True)
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    shutil.copytree(released.root, tmp_path / "course")
    return Course.load(tmp_path / "course")


def export(course: Course, exporter: str, to: Path, *words: str) -> Path:
    """Run ``nbgrader export`` in this process, with the course's own config."""
    from nbgrader.apps import ExportApp
    from traitlets.config import Config

    app = ExportApp(config=Config())
    try:
        chosen = [f"--exporter={exporter}"] if exporter else []
        app.initialize(
            [*chosen, f"--to={to}", f"--CourseDirectory.root={course.root}", f"--db={course.db_url}", *words]
        )
        app.start()
    finally:
        app.clear_instance()
    return to


def lines(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_says_what_nbgraders_own_says(course: Course, tmp_path: Path) -> None:
    """The same lines and points; what was not handed in is empty and says so instead of 0."""
    ours = lines(export(course, "coursekit.export.CsvExporter", tmp_path / "ours.csv"))
    theirs = lines(export(course, "", tmp_path / "theirs.csv"), "utf-8")
    assert len(ours) == len(theirs) == 9
    points = {(row["assignment"], row["student_id"]): row for row in theirs}
    for row in ours:
        other = points[row["作业"], row["工号"].lstrip("'")]
        for mine, name in (
            ("原始分", "raw_score"),
            ("迟交扣分", "late_submission_penalty"),
            ("得分", "score"),
            ("满分", "max_score"),
        ):
            assert float(row[mine] or 0) == pytest.approx(float(other[name])), row
    assert [row["情况"] for row in ours if row["作业"] == "d01"] == ["已评分", "已评分", "未提交"]
    assert ours[0]["提交时间"] == "2026-11-20 13:00"


def test_the_csv_opens_in_chinese_and_runs_nothing(course: Course, tmp_path: Path) -> None:
    """BOM, quoted commas and line breaks, an apostrophe before everything that begins like a formula."""
    enrol(course, {"t1": '=cmd|"/c calc",\n', "t2": "\t@x", "t3": "'=1"})
    path = export(course, "coursekit.export.CsvExporter", tmp_path / "a.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.stat().st_mode & 0o077 == 0
    found = lines(path)
    assert [row["姓名"] for row in found[:3]] == ['\'=cmd|"/c calc",\n', "'\t@x", "''=1"]
    assert {row["单位"] for row in found} == {f"'{UNIT}"}
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_the_workbook_has_a_line_a_person_and_a_line_a_submission(course: Course, tmp_path: Path) -> None:
    """Points are numbers, times are times, names are text and no formula."""
    made = load_workbook(export(course, "coursekit.export.XlsxExporter", tmp_path / "a.xlsx"))
    assert made.sheetnames == ["成绩汇总", "成绩明细"]
    people, every = made.worksheets
    assert [cell.value for cell in people[1]][3:] == ["d01（满分 100）", "e01（满分 100）", "e02（满分 100）"]
    assert [cell.value for cell in people[2]] == ["t1", NAMES["t1"], "一班", 90, 82, 76]
    assert people["B2"].data_type == "s"
    assert people["D4"].value is None
    assert every.max_row == 10
    assert every["D2"].value == datetime.fromisoformat("2026-11-20 13:00")
    assert (every["L2"].number_format, every["D2"].number_format) == ("0.00", "yyyy-mm-dd hh:mm")
    assert not [cell for sheet in made.worksheets for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_nbgraders_choices_hold_and_a_wrong_one_is_said(course: Course, tmp_path: Path, capsys: Any) -> None:
    """--student and --assignment choose; a name that is not there ends with one Chinese sentence."""
    words = ("--ExportPlugin.assignment=e01", "--ExportPlugin.student=t1", "--ExportPlugin.student=t3")
    found = lines(export(course, "coursekit.export.CsvExporter", tmp_path / "a.csv", *words))
    assert [(row["作业"], row["工号"]) for row in found] == [("e01", "t1"), ("e01", "t3")]
    with pytest.raises(SystemExit, match="成绩库里没有作业：e09。请检查写法"):
        export(course, "coursekit.export.CsvExporter", tmp_path / "b.csv", "--ExportPlugin.assignment=e09")
    assert not (tmp_path / "b.csv").exists()


def test_nbgraders_command_line_has_the_exporters(course: Course, tmp_path: Path) -> None:
    """Exactly as the README says, with the course's own config folder."""
    command = [sys.executable, "-m", "nbgrader", "export", "--exporter=coursekit.export.CsvExporter", "--to=out.csv"]
    subprocess.run(command, cwd=course.root, env=course.environment, check=True, capture_output=True)
    assert len(lines(course.root / "out.csv")) == 9


def statements(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def check(found: Sequence[dict[str, Any]]) -> None:
    """Check statements against the specification: the schema, and what a schema cannot say."""
    for one in found:
        assert not list(SCHEMA.iter_errors(one)), one
        assert UUID(one["id"]).version == 5
        assert one["verb"]["id"].rsplit("/", 1)[1] in CMI5
        assert one["verb"]["display"]["zh-CN"]
        assert one["context"]["language"] == "zh-CN"
        verb, result = one["verb"]["id"].rsplit("/", 1)[1], one.get("result", {})
        assert ("score" in result) == (verb in ("passed", "failed"))  # cmi5 9.5.1: no score without a judgement
        assert result.get("success") == {"passed": True, "failed": False}.get(verb)  # 9.5.2
        assert result.get("completion") == (True if verb == "completed" else None)  # 9.5.3
        if score := result.get("score"):
            assert score["min"] < score["max"]
            assert score["min"] <= score["raw"] <= score["max"]
            assert score["scaled"] == pytest.approx(score["raw"] / score["max"], abs=1e-3)
    assert len({one["id"] for one in found}) == len(found)


def test_the_statements_are_valid_and_say_what_the_gradebook_says(course: Course, tmp_path: Path) -> None:
    """An examination is passed at its own line, the course by the final evaluation; times are instants."""
    found = statements(export(course, "coursekit.export.XapiExporter", tmp_path / "xapi.jsonl"))
    check(found)
    said = [
        (
            one["actor"]["account"]["name"],
            one["object"]["definition"]["name"]["zh-CN"].split()[0],
            one["verb"]["display"]["en-US"],
        )
        for one in found
    ]
    assert ("t1", "e01", "passed") in said
    assert ("t2", "e01", "failed") in said
    assert ("t2", "e02", "passed") in said
    title = course.settings.name
    assert {one for one in said if one[1] == title} == {
        ("t1", title, "passed"),
        ("t1", title, "satisfied"),
        ("t2", title, "failed"),
    }
    first = next(one for one in found if one["object"]["id"].endswith("/e01"))
    assert first["timestamp"] == "2026-11-20T05:00:00.000Z"
    assert first["actor"]["account"]["homePage"] == f"https://{course.settings.id}.invalid"
    assert first["context"]["contextActivities"]["parent"][0]["id"].endswith(f"/courses/{course.settings.id}")
    assert first["actor"]["name"] == NAMES["t1"]


def test_ids_stay_and_change_with_what_is_said(course: Course, tmp_path: Path) -> None:
    """The same twice has the same ids; a new mark is a new statement, since an LRS never changes one."""
    one = {line["id"] for line in statements(export(course, "coursekit.export.XapiExporter", tmp_path / "1.jsonl"))}
    two = {line["id"] for line in statements(export(course, "coursekit.export.XapiExporter", tmp_path / "2.jsonl"))}
    assert one == two
    mark(course, "e01", {"t2": (45, 45)})
    three = {line["id"] for line in statements(export(course, "coursekit.export.XapiExporter", tmp_path / "3.jsonl"))}
    assert len(three - two) == len(two - three) == 1
    home = "--XapiExporter.home_page=https://training.example.cn/"
    other = statements(export(course, "coursekit.export.XapiExporter", tmp_path / "4.jsonl", home))
    check(other)
    assert other[0]["actor"]["account"]["homePage"] == "https://training.example.cn"
    with pytest.raises(SystemExit, match="不是网址"):
        export(course, "coursekit.export.XapiExporter", tmp_path / "5.jsonl", "--XapiExporter.home_page=javascript:x")


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    st.floats(-50, 500),
    st.just(0.0) | st.floats(0.5, 200),
    st.booleans(),
)
def test_any_person_and_any_mark_make_valid_statements(
    trainee: str, name: str, score: float, maximum: float, waits: bool
) -> None:
    """Marks above the maximum or below 0 stay within what the specification allows; no maximum means no score."""
    place = xapi.Place("https://x.invalid", "课程/1 ?", "名<>称")
    work = xapi.Work("m 1/<", "标题", datetime.fromisoformat("2026-01-02 03:04:05.678901"), score, maximum, 80, waits)
    found = list(xapi.of_work(place, xapi.Learner(trainee, name), work))
    check(found)
    assert len(found) == (1 if waits or maximum <= 0 else 2)
    decided = xapi.of_decision(
        place, xapi.Learner(trainee, name), datetime.fromisoformat("2026-01-02"), Decimal("80.0"), passed=True
    )
    check(list(decided))
    assert all(json.loads(xapi.line(one)) == one for one in found)


def test_the_schema_refuses_what_the_specification_forbids() -> None:
    """The check itself works: an example of the specification's own, and ways to spoil one of ours."""
    place = xapi.Place("https://x.invalid", "c", "课程")
    work = xapi.Work("e01", "标题", datetime.fromisoformat("2026-01-02"), 80, 100, 80, waits=False)
    good = list(xapi.of_work(place, xapi.Learner("t1", "张三"), work))[1]
    assert SCHEMA.is_valid(good)
    for path, value in spoilt():
        bad = json.loads(json.dumps(good))
        place_ = bad
        for step in path[:-1]:
            place_ = place_[step]
        place_[path[-1]] = value
        assert not SCHEMA.is_valid(bad), path


def spoilt() -> Iterator[tuple[tuple[str, ...], Any]]:
    yield ("id",), "not-a-uuid"
    yield ("verb", "id"), "passed"
    yield ("verb", "display", "中文"), "x"
    yield ("result", "score", "scaled"), 1.2
    yield ("result", "success"), "true"
    yield ("timestamp",), "2026-01-02 03:04"
    yield ("actor", "mbox"), "mailto:a@example.cn"  # two identifiers
    yield ("object", "id"), "e01"
    yield ("unknown",), 1
    yield ("context", "registration"), "1"
