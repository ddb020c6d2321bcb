"""The roster: any spreadsheet an office has, problems with their place and cure, all or nothing, and no loss."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from building import REPO
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from postgresql import POSTGRES, postgres
from typer.testing import CliRunner

from coursekit import roster_store
from coursekit.cli import app
from coursekit.course import Course, CourseError
from coursekit.records import make_gradebook
from coursekit.roster import Action, Person, plan
from coursekit.roster_files import read_sheets, write_roster
from coursekit.roster_table import HEADERS, Sheet, clean, header_word, parse

HEAD = ["工号", "姓名", "单位", "窗口", "班级", "邮箱"]
ZHANG = ["t001", "张三", "市场监管局", "企业开办", "一班", "zhang@example.cn"]
LI = ["t002", "李四", "公安局", "户政", "二班", ""]


def bare_course(root: Path) -> Course:
    """Make a course folder without assignments and without a gradebook."""
    shutil.copytree(REPO / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
    return Course.load(root)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make a course with an empty gradebook of nbgrader's, once."""
    course = bare_course(tmp_path_factory.mktemp("roster"))
    make_gradebook(course)
    return course


def copied(empty: Course, root: Path) -> Course:
    shutil.copytree(empty.root, root, dirs_exist_ok=True)
    return Course.load(root)


def csv_file(path: Path, *rows: Sequence[str], encoding: str = "utf-8") -> Path:
    path.write_bytes("\r\n".join(",".join(row) for row in rows).encode(encoding))
    return path


def xlsx_file(path: Path, *rows: Sequence[Any], merge: str = "", title: str = "名册") -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if merge:
        sheet.merge_cells(merge)
    book.save(path)
    return path


def planned(*rows: Sequence[str], people: Mapping[str, Person] | None = None, **options: Any) -> Any:
    found, problems = parse([Sheet("名册", rows)])
    return plan(found, problems, people or {}, **options)


def said(result: Any) -> str:
    return "\n".join(map(str, result.problems))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_is_read_in_every_encoding_that_excel_writes(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without BOM, GBK and "Unicode text"."""
    (sheet,) = read_sheets(csv_file(tmp_path / "a.csv", HEAD, ZHANG, encoding=encoding))
    (row,), problems = parse([sheet])
    assert (row.given["name"], row.given["unit"], problems) == ("张三", "市场监管局", [])


def test_gbk_that_happens_to_be_utf_8_is_read_by_its_header(tmp_path: Path) -> None:
    """A file in which only the header tells the encodings apart is not misread."""
    (sheet,) = read_sheets(csv_file(tmp_path / "a.csv", ["工号", "姓名"], ["t1", "联通"], encoding="gbk"))
    assert sheet.rows[1] == ["t1", "联通"]


def test_columns_are_known_by_chinese_and_english_names_in_any_order() -> None:
    """Unknown columns are kept aside, with their own headers."""
    result = planned(
        ["2026 年度学员名册"],
        [],
        ["E-mail", "Class", "姓 名（必填）", "身高", "Student ID*"],
        ["a@b", "一班", "张三", "170", "t1"],
    )
    (change,) = result.changes
    assert change.action is Action.ADD
    assert change.person == Person("t1", "张三", class_name="一班", email="a@b", extra={"身高": "170"})


def test_numbers_and_dates_in_cells_are_read_as_they_are_seen(tmp_path: Path) -> None:
    """A number formatted 0000 keeps its zeros; a whole number has no decimal point."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["工号", "姓名", "班级", "窗口"])
    sheet.append([7, "张三", "一班", 3.0])
    sheet["A2"].number_format = "0000"
    book.save(tmp_path / "a.xlsx")
    (found,) = read_sheets(tmp_path / "a.xlsx")
    assert found.rows[1] == ["0007", "张三", "一班", "3"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([HEAD, ["", *ZHANG[1:]]], ["第 2 行“工号”：没有填写", "请补上工号"]),
        ([HEAD, ZHANG, ["t001", *LI[1:]]], ["张三与李四用了同一个工号 t001", "第 2 行", "第 3 行"]),
        ([HEAD, ZHANG, ZHANG], ["t001（张三）出现了两次", "请删去重复的一行"]),
        ([HEAD, ["a/b", *ZHANG[1:]]], ["“a/b”不能作工号", "文字、数字"]),
        ([HEAD, ["../x", *ZHANG[1:]]], ["不能作工号"]),
        ([HEAD, ["a+b", *ZHANG[1:]]], ["不能作工号"]),
        ([HEAD, ["x" * 65, *ZHANG[1:]]], ["不能作工号"]),
        ([HEAD, ZHANG, ["T001", *LI[1:]]], ["只有大小写不同"]),
        ([HEAD, ["t1", "", *ZHANG[2:]]], ["“姓名”：没有填写", "请补上姓名"]),
        ([["姓名", "班级"], ["张三", "一班"]], ["没有写着“工号”的表头", "请加一行表头"]),
        ([["工号", "姓名", "姓名"], ["t1", "张三", "李四"]], ["有两列用了同一个表头"]),
        ([["工号", "姓名"], ["t1", "张" * 200]], ["200 个字，最多 128 个"]),
        ([["工号", "姓名"], ["t1", "张\x07三"]], ["控制字符"]),
        ([["工号", "姓名", "归档"], ["t1", "张三", "也许"]], ["“也许”看不懂", "请写“是”或留空"]),
    ],
)
def test_what_is_wrong_is_said_with_sheet_row_and_column(rows: list[list[str]], words: list[str]) -> None:
    """A fatal problem names its place and its cure."""
    result = planned(*rows)
    assert not result.is_possible
    for word in ["工作表“名册”", *words]:
        assert word in said(result)


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([HEAD, ["t1", "张三", "", "", "", ""]], "张三没有班级"),
        ([HEAD, ["t1", "张三", "", "", "一班", "没有"]], "不像邮箱"),
        ([["工号", "姓名", "班级", ""], ["t1", "张三", "一班", "什么"]], "没有表头"),
        ([["工号", "姓名", "班级"], ["ｔ１", "张三", "一班"]], "全角"),
    ],
)
def test_what_is_odd_is_said_and_imported(rows: list[list[str]], word: str) -> None:
    """A warning keeps nobody out."""
    result = planned(*rows)
    assert (result.is_possible, len(result.changes)) == (True, 1)
    assert word in said(result)


def test_a_number_that_changes_its_owner_is_noticed() -> None:
    """The roster knows another name for the number."""
    result = planned(HEAD, ZHANG, people={"t001": Person("t001", "王五", class_name="一班")})
    assert "工号 t001 原来是王五，将改为张三" in said(result)


def test_merged_cells_are_refused_with_their_address(tmp_path: Path) -> None:
    """A merged title above the header is no problem; a merged class column is."""
    rows = (["名册"], HEAD, ZHANG, LI)
    assert not parse(read_sheets(xlsx_file(tmp_path / "a.xlsx", *rows, merge="A1:F1")))[1]
    _, (problem,) = parse(read_sheets(xlsx_file(tmp_path / "b.xlsx", *rows, merge="E3:E4")))
    assert str(problem) == "工作表“名册”第 3 行“E3:E4”：是合并单元格，看不出每一行是什么。请取消合并，每一行都写全。"


def test_files_that_are_no_roster_are_refused_in_words(tmp_path: Path) -> None:
    """Old .xls, a broken archive, a formula bomb's size, a missing file."""
    for name, data, word in (
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "旧版 .xls"),
        ("b.xlsx", b"PK\x03\x04" + bytes(100), "不是完好的 XLSX"),
        ("c.csv", b"\xff\xff\xff\x00", "既不是 XLSX"),
        ("d.csv", '工号,姓名\nt1,"张三'.encode(), "引号或逗号"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CourseError, match=word):
            read_sheets(tmp_path / name)
    with pytest.raises(CourseError, match="打不开"):
        read_sheets(tmp_path / "none.csv")


def test_a_sheet_without_a_header_is_passed_over_when_another_has_one(tmp_path: Path) -> None:
    """Notes beside the roster do not stop it; a hidden sheet is not read."""
    book = Workbook()
    book.worksheets[0].append(["说明：请认真填写"])
    book.create_sheet("名册").append(HEAD)
    book["名册"].append(ZHANG)
    book.create_sheet("旧名册").append(HEAD)
    book["旧名册"].append(["t001", "旧人"])
    book["旧名册"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    rows, problems = parse(read_sheets(tmp_path / "a.xlsx"))
    assert [row.given["name"] for row in rows] == ["张三"]
    assert [one.fatal for one in problems] == [False]


def test_import_adds_updates_archives_and_keeps_nbgraders_rows_right(empty: Course, tmp_path: Path) -> None:
    """Nbgrader's student table holds the same people; what the file has no column for stays."""
    course = copied(empty, tmp_path / "course")
    roster_store.import_roster(course, csv_file(tmp_path / "a.csv", [*HEAD, "备注"], [*ZHANG, "组长"], [*LI, ""]))
    file = csv_file(tmp_path / "b.csv", ["工号", "班级"], ["t001", "三班"])
    before = roster_store.preview_import(course, file, archive_missing=True)
    assert [(one.action.value, one.words()) for one in before.changes] == [
        ("更新", "班级 一班→三班"), ("归档", "归档"),
    ]  # fmt: skip
    assert roster_store.load(course)["t001"].class_name == "一班"
    roster_store.import_roster(course, file, archive_missing=True)
    people = roster_store.load(course)
    assert people["t001"] == Person("t001", "张三", ZHANG[2], ZHANG[3], "三班", ZHANG[5], extra={"备注": "组长"})
    assert people["t002"].archived
    again = roster_store.import_roster(course, csv_file(tmp_path / "c.csv", HEAD, ZHANG, LI))
    assert [one.words() for one in again.changes] == ["班级 三班→一班", "恢复在册"]
    from nbgrader.api import Gradebook

    with Gradebook(course.db_url, course.settings.id) as gradebook:
        found: dict[Any, Any] = {one.id: (one.first_name, one.last_name, one.email) for one in gradebook.students}
    assert found == {"t001": ("张三", "", "zhang@example.cn"), "t002": ("李四", "", None)}


def test_nothing_is_half_imported(empty: Course, tmp_path: Path) -> None:
    """One bad row keeps all rows out, and a database that fails midway keeps what it had."""
    course = copied(empty, tmp_path / "course")
    result = roster_store.import_roster(course, csv_file(tmp_path / "a.csv", HEAD, ZHANG, ["a/b", *LI[1:]]))
    assert (result.is_possible, result.bad_rows, roster_store.load(course)) == (False, 1, {})
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON coursekit_person BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(CourseError, match="成绩库无法读写"):
        roster_store.import_roster(course, csv_file(tmp_path / "b.csv", HEAD, ZHANG, LI))
    assert roster_store.load(course) == {}


def test_a_database_of_a_newer_nbgrader_is_left_alone(empty: Course, tmp_path: Path) -> None:
    """Said in Chinese; nothing is written."""
    course = copied(empty, tmp_path / "course")
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute("UPDATE alembic_version SET version_num = 'fffff0000000'")
    with pytest.raises(CourseError, match="更新版本的 nbgrader"):
        roster_store.import_roster(course, csv_file(tmp_path / "a.csv", HEAD, ZHANG))


def _canonical(text: str) -> bool:
    return clean(text) == text and not any(0xFDD0 <= ord(one) <= 0xFDEF or ord(one) & 0xFFFE == 0xFFFE for one in text)


KNOWN = {word for words in HEADERS.values() for word in words}
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).filter(_canonical)
TRICKY = st.sampled_from(
    [
        "=1+1",
        "+86",
        "-1",
        "@a",
        "'=x",
        "''",
        "'",
        "001",
        "1e5",
        "a,b",
        'say "hi"',
        "TRUE",
        "#N/A",
        "_x0041_",
        "𮧵",
        "是",
        "&amp;",
    ]
)
TEXT = st.one_of(WORDS, TRICKY)
IDS = st.from_regex(r"[a-z0-9][a-z0-9.@_-]{0,20}", fullmatch=True)


@st.composite
def rosters(draw: st.DrawFn) -> list[Person]:
    titles = [one for one in draw(st.lists(TEXT, max_size=3, unique=True)) if header_word(one) not in KNOWN]
    made = []
    for key in draw(st.lists(IDS, min_size=1, max_size=6, unique=True)):
        extra = {title: text for title in titles if (text := draw(st.one_of(st.just(""), TEXT)))}
        unit, counter, group, email = (draw(st.one_of(st.just(""), TEXT)) for _ in range(4))
        made.append(Person(key, draw(TEXT), unit, counter, group, email, draw(st.booleans()), extra))
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=rosters(), suffix=st.sampled_from([".csv", ".xlsx"]))
def test_what_is_exported_is_imported_without_loss(tmp_path: Path, people: list[Person], suffix: str) -> None:
    """Formulas, zeros, quotes, rare characters and unknown columns included."""
    file = tmp_path / f"a{suffix}"
    write_roster(file, people)
    rows, problems = parse(read_sheets(file))
    result = plan(rows, problems, {})
    assert result.is_possible, said(result)
    assert [change.person for change in result.changes] == people
    again = plan(rows, problems, {one.id: one for one in people}, archive_missing=True)
    assert {change.action for change in again.changes} == {Action.SAME}


def test_the_export_is_safe_to_open_in_a_spreadsheet(tmp_path: Path) -> None:
    """Nothing in it is a formula; the CSV begins with a BOM; the header stays in view."""
    people = [Person("t1", '=HYPERLINK("http://x")', class_name="一班")]
    write_roster(tmp_path / "a.xlsx", people)
    sheet = load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert (sheet["B2"].data_type, sheet["B2"].value, sheet.freeze_panes) == ("s", people[0].name, "A2")
    write_roster(tmp_path / "a.csv", people)
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert "'=HYPERLINK" in data.decode("utf-8-sig")


def test_the_command_previews_imports_lists_and_exports(tmp_path: Path) -> None:
    """From no gradebook at all: the preview writes nothing, the import makes nbgrader's database."""
    course = bare_course(tmp_path / "course")
    file = xlsx_file(tmp_path / "a.xlsx", HEAD, ZHANG, LI)
    run = CliRunner()

    def coursekit(*words: str) -> str:
        result = run.invoke(app, ["roster", *words, "--course", str(course.root)], env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        return result.output

    shown = coursekit("import", str(file), "--preview")
    assert "新增 2" in shown
    assert "张三" in shown
    assert not (course.root / "gradebook.db").exists()
    assert "新增 2" in coursekit("import", str(file))
    assert "不变 2" in coursekit("import", str(file))
    assert "户政" in coursekit("list")
    assert "李四" not in coursekit("list", "--class", "一班")
    coursekit("export", str(tmp_path / "out.csv"))
    assert "t002,李四,公安局" in (tmp_path / "out.csv").read_text("utf-8-sig")
    bad = csv_file(tmp_path / "bad.csv", HEAD, ["", *ZHANG[1:]])
    result = run.invoke(app, ["roster", "import", str(bad), "--course", str(course.root)])
    assert result.exit_code == 1
    assert "没有填写" in result.output


@pytest.mark.skipif(not POSTGRES, reason="no PostgreSQL programs on this machine")
def test_roster_and_record_may_be_in_postgresql(tmp_path: Path) -> None:
    """From an empty database: import, update, decide; the record refuses to be changed there too."""
    pytest.importorskip("psycopg2")
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import DBAPIError

    from coursekit.decisions import move
    from coursekit.evaluate import evaluate_course
    from coursekit.states import State

    course = bare_course(tmp_path / "course")
    with postgres() as url:
        file = course.root / "config" / "course.toml"
        file.write_text(f"db_url = '{url}'\n{file.read_text('utf-8')}", "utf-8")
        served = Course.load(course.root)
        roster_store.import_roster(served, csv_file(tmp_path / "a.csv", HEAD, ZHANG, LI))
        roster_store.import_roster(served, csv_file(tmp_path / "b.csv", HEAD, ZHANG), archive_missing=True)
        assert [one.archived for one in roster_store.load(served).values()] == [False, True]
        move(served, "t001", State.EXTENDED, "病假")
        (one,) = evaluate_course(served, write=True).standings
        assert (one.trainee, one.state) == ("t001", State.EXTENDED)
        engine = create_engine(url)
        for statement in ("DELETE FROM coursekit_transition", "TRUNCATE coursekit_conduct"):
            with engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
                connection.execute(text(statement))
        engine.dispose()
