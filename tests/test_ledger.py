"""The training ledger: forms in, one workbook and a personal file out; all or nothing, and no formula anywhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from browsing import chromium, require_chromium
from hypothesis import example, given, settings
from hypothesis import strategies as st
from office import NAMES, UNIT, book, comment, enrol, examine, mark, released_course, run
from openpyxl import Workbook, load_workbook
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import func, insert, select

from coursekit.conduct import add_points
from coursekit.course import Course, CourseError
from coursekit.effect_schema import FORM
from coursekit.evaluate import evaluate_course
from coursekit.ledger import Ledger, collect
from coursekit.ledger_forms import FORMS, PRESENCE, read_clock, read_day
from coursekit.ledger_import import import_forms, write_template
from coursekit.ledger_sheets import sheets
from coursekit.ledger_xlsx import write_ledger
from coursekit.office_schema import ATTENDANCE, RECORD, SESSION
from coursekit.person_page import file_name, person_page, write_pdfs, write_persons
from coursekit.records import open_records
from coursekit.results import results
from coursekit.sessions import Session, add_session, load_sessions
from coursekit.xlsx import Column, Sheet, write_book

HELD = ["场次编号", "日期", "开始", "结束", "地点", "内容", "讲师", "学时"]
FIRST = ["2026-01", date(2026, 11, 2), time(9), time(11, 30), "三楼教室", "=1+1 窗口礼仪", "@王老师", 2.5]
PROBLEM = ["工号", "姓名", "日期", "问题", "改进措施", "完成日期", "责任人"]
FILLED: Mapping[str, Sequence[Sequence[Any]]] = {
    "培训场次": [HELD, FIRST, ["2026-02", "2026年11月3日", "14:00", "", "一楼大厅", "容缺受理", "李老师", None]],
    "签到": [
        ["场次编号", "工号", "姓名", "签到", "备注"],
        ["2026-01", "t1", NAMES["t1"], "出勤", ""],
        ["2026-02", "t1", "", "缺勤", "-请假未批"],
        ["2026-01", "t2", "", "迟到", "堵车"],
    ],
    "技能提升": [["工号", "日期", "技能提升", "认定人"], ["t1", date(2026, 11, 5), "能独立一次性告知", "李老师"]],
    "问题与改进": [
        PROBLEM,
        ["t1", "", "2026/11/6", "漏收承诺书", "加查一遍清单", "2026/11/9", "李老师"],
        ["t2", "", "2026.11.6", "语速太快", "", "", ""],
    ],
    "表彰": [["工号", "日期", "表彰", "授予单位"], ["t1", date(2026, 11, 10), '"服务之星"', "中心"]],
    "评语": [["工号", "日期", "评语", "评语人"], ["t1", date(2026, 11, 11), "耐心<b>细致</b>", "李老师"]],
}  # fmt: skip


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = released_course(tmp_path_factory.mktemp("ledger"))
    enrol(course)
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    shutil.copytree(released.root, tmp_path / "course")
    return Course.load(tmp_path / "course")


@pytest.fixture
def full(course: Course, tmp_path: Path) -> Ledger:
    """Return the ledger of an office in which everything that can be recorded is."""
    examine(course)
    comment(course, "t1", "e01", "  =材料核对很细  ")
    add_points(course, "t1", Decimal(-1), "迟到", "考勤表 11-07")
    evaluate_course(course, write=True)
    assert import_forms(course, book(tmp_path / "in.xlsx", FILLED)).is_done
    return collect(course)


def counts(course: Course) -> list[int]:
    """Count the rows of the office's tables."""
    with open_records(course) as connection:
        return [
            connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (SESSION, ATTENDANCE, RECORD)
        ]


def column(sheet: Worksheet, title: str) -> list[Any]:
    place = next(cell.column for cell in sheet[1] if cell.value == title)
    return [row[place - 1].value for row in sheet.iter_rows(min_row=2)]


# --- forms ----------------------------------------------------------------------------------------------------------


def test_a_filled_in_file_is_imported_and_importing_it_again_changes_nothing(course: Course, tmp_path: Path) -> None:
    """The same rows are recognised by what they are about; a changed one is updated."""
    file = book(tmp_path / "in.xlsx", FILLED)
    said = run(course, "ledger", "import", str(file))
    assert "培训场次　新增 2，更新 0，不变 0" in said
    assert counts(course) == [2, 3, 5]
    assert "签到　新增 0，更新 0，不变 3" in run(course, "ledger", "import", str(file))
    changed = [FILLED["问题与改进"][0], [*FILLED["问题与改进"][2][:4], "放慢", date(2026, 11, 12), "李老师"]]
    said = run(course, "ledger", "import", str(book(file, {"问题与改进": changed})))
    assert "问题与改进　新增 0，更新 1，不变 0" in said
    assert counts(course) == [2, 3, 5]


def test_the_template_is_importable_and_has_formats_lists_and_hints(course: Course, tmp_path: Path) -> None:
    """An id with leading zeros stays one, a day is formatted as a day, attendance is chosen from a list."""
    write_template(tmp_path / "空白.xlsx")
    made = load_workbook(tmp_path / "空白.xlsx")
    assert made.sheetnames == ["填写说明", *(form.title for form in FORMS)]
    sheet = made["签到"]
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == f'"{",".join(PRESENCE)}"'
    assert made["培训场次"].column_dimensions["B"].number_format == "yyyy-mm-dd"
    assert (sheet.column_dimensions["A"].number_format, sheet.column_dimensions["A"].max) == ("@", 2)
    assert "没有填写任何内容" in run(course, "ledger", "import", str(tmp_path / "空白.xlsx"))


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"培训场次": [HELD, [*FIRST[:1], "2月30日", *FIRST[2:]]]}, "工作表“培训场次”第 2 行“日期”：“2月30日”不是日期"),
        ({"培训场次": [HELD, [*FIRST[:2], "25:00", *FIRST[3:]]]}, "第 2 行“开始”：“25:00”不是时间"),
        ({"培训场次": [HELD, [*FIRST[:3], "8:00", *FIRST[4:]]]}, "第 2 行“结束”：结束 08:00 不晚于开始 09:00"),
        ({"培训场次": [HELD, [*FIRST[:7], -1]]}, "第 2 行“学时”：“-1”不是学时"),
        ({"培训场次": [HELD, FIRST, FIRST]}, "第 3 行“场次编号”：与第 2 行重复"),
        ({"培训场次": [HELD, [*FIRST[:4], None, *FIRST[5:]]]}, "第 2 行“地点”：没有填写"),
        ({"培训场次": [HELD[:3]]}, "前 20 行里没有写全"),
        ({"花名册": [["工号"]], "x": [[]]}, "文件里没有这些工作表：培训场次"),
        ({"签到": [["场次编号", "工号", "签到"], ["没有", "t1", "出勤"]]}, "“场次编号”：没有场次“没有”"),
        ({"签到": [["场次编号", "工号", "签到"], ["1", "t1", "在"]]}, "“签到”：“在”看不懂。请写：出勤、迟到"),
        ({"问题与改进": [PROBLEM, ["t9", "", "2026-11-06", "x", "", "", ""]]}, "花名册里没有工号 t9"),
        ({"问题与改进": [PROBLEM, ["t1", "王五", "2026-11-06", "x", "", "", ""]]}, "工号 t1 在花名册里是"),
        ({"问题与改进": [PROBLEM, ["t1", "", "2026-11-06", "x", "y", "2026-11-05", ""]]}, "早于发现问题的日期"),
        ({"问题与改进": [PROBLEM, ["t1", "", "2026-11-06", "x", "", "2026-11-07", ""]]}, "没有写改进措施"),
        ({"问题与改进": [PROBLEM, ["t1", "", "2099-11-06", "x", "", "", ""]]}, "2099-11-06 还没有到"),
        (
            {"培训场次": [HELD, FIRST], "问题与改进": [PROBLEM, ["t1", "", "2026-11-01", "x", "", "", ""]]},
            "2026-11-01 早于第一场培训（2026-11-02）",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_said_with_its_place_and_nothing_is_imported(
    course: Course, tmp_path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], said: str
) -> None:
    """One wrong cell keeps the whole file out."""
    good = {"表彰": FILLED["表彰"]} if said[:2] not in ("文件", "20") else {}
    file = book(tmp_path / "in.xlsx", {**sheets, **good})
    assert said in run(course, "ledger", "import", str(file), code=1).replace("\n", "")
    assert counts(course) == [0, 0, 0]


def test_merged_cells_are_refused_and_unknown_columns_are_named(course: Course, tmp_path: Path) -> None:
    """A merged cell does not say what stands in each row; a column more harms nobody."""
    file = book(tmp_path / "in.xlsx", {"培训场次": [[*HELD, "费用"], [*FIRST, 3]]})
    assert "第 1 行“费用”：不认识这一列，没有读" in run(course, "session", "import", str(file))
    file = book(tmp_path / "in.xlsx", {"签到": FILLED["签到"]}, {"签到": "A2:A3"})
    assert "“A2:A3”：是合并单元格" in run(course, "session", "import", str(file), code=1)


def test_session_import_leaves_other_sheets_alone(course: Course, tmp_path: Path) -> None:
    """It reads sessions and attendance only; one sheet with any title is known by its header."""
    run(course, "session", "import", str(book(tmp_path / "in.xlsx", FILLED)))
    assert counts(course) == [2, 3, 0]
    other = book(tmp_path / "one.xlsx", {"Sheet1": [["十一月培训"], HELD, ["03", *FIRST[1:]]]})
    assert "培训场次　新增 1" in run(course, "session", "import", str(other))


def test_a_session_is_added_once(course: Course) -> None:
    """By command, with the same checks as in a file."""
    words = ["--day", "2026-11-02", "--from", "9:00", "--to", "11:30", "--place", "三楼", "--content", "礼仪"]
    run(course, "session", "add", "7", *words, "--trainer", "[red]王", "--hours", "2.5")
    assert load_sessions(course) == [
        Session("7", date(2026, 11, 2), "09:00", "11:30", "三楼", "礼仪", "[red]王", Decimal("2.5"))
    ]
    assert "[red]王" in run(course, "session", "list")
    assert "已经登记过" in run(course, "session", "add", "7", *words, "--trainer", "王", code=1)
    words[1] = "13 月"
    assert "日期：“13 月”不是日期" in run(course, "session", "add", "8", *words, "--trainer", "王", code=1)
    with pytest.raises(CourseError, match="不晚于开始"):
        add_session(course, Session("9", date(2026, 11, 2), "09:00", "09:00", "a", "b", "c"))


def test_days_and_times_are_read_as_people_write_them() -> None:
    """Full-width digits too; a number without its format is no day."""
    for text in ("2026-11-02", "2026/11/2", "2026.11.2", "2026年11月2日", "２０２６-11-02", "2026-11-02 00:00"):
        assert read_day(text) == date(2026, 11, 2), text
    for text in ("46000", "2026-13-01", "2026-02-30", "26-11-02", "0001-01-01", ""):
        assert read_day(text) is None, text
    assert [read_clock(text) for text in ("9:00", "09:05:00", "9：30", "9时", "24:00", "x")] == [
        "09:00", "09:05", "09:30", "09:00", None, None,
    ]  # fmt: skip


# --- the workbook ---------------------------------------------------------------------------------------------------


def test_the_ledger_says_what_is_on_record(full: Ledger, tmp_path: Path) -> None:
    """Values come back as what they are: marks as numbers, days as days, everything that people wrote as text."""
    path = write_ledger(full, tmp_path / "台账.xlsx")
    made = load_workbook(path)
    assert made.sheetnames == [
        "人员总表", "成绩", "培训场次与签到", "技能提升", "问题与改进", "表彰", "日常表现", "复核与补考",
    ]  # fmt: skip
    people = made["人员总表"]
    assert column(people, "姓名") == list(NAMES.values())
    assert column(people, "状态") == ["合格", "强化培训", "待考"]
    assert column(people, "总评") == [80.9, 87.9, None]  # a point off for being late
    assert column(people, "日常表现") == [-1, 0, 0]
    assert column(people, "理论") == [82, 79, 50.5]
    assert (column(people, "应到场次"), column(people, "实到场次")) == ([2, 1, 0], [1, 1, 0])
    assert (column(people, "问题"), column(people, "其中未改进")) == ([1, 1, 0], [0, 1, 0])
    assert isinstance(column(people, "自")[0], datetime)
    marks = made["成绩"]
    assert column(marks, "d01（满分 100）") == [90, 92, None]
    assert column(marks, "评语")[0] == "e01：=材料核对很细\n2026-11-11 李老师：耐心<b>细致</b>"
    held = made["培训场次与签到"]
    assert column(held, "内容") == ["=1+1 窗口礼仪", "=1+1 窗口礼仪", "容缺受理"]
    assert column(held, "日期")[2] == datetime.fromisoformat("2026-11-03")
    assert column(made["问题与改进"], "情况") == ["已改进", "改进中"]
    assert column(made["日常表现"], "分值") == [-1]
    steps = made["复核与补考"]
    assert ("状态变化", "t1", "待考 → 合格") in list(
        zip(column(steps, "类别"), column(steps, "工号"), column(steps, "事项"), strict=True)
    )


def test_the_workbook_is_set_up_as_an_office_prints_it(full: Ledger, tmp_path: Path) -> None:
    """Frozen header, filter, widths, formats, A4 landscape, one page wide, header repeated, pages numbered."""
    made = load_workbook(write_ledger(full, tmp_path / "台账.xlsx"))
    for sheet in made.worksheets:
        last = sheet.cell(1, sheet.max_column).column_letter
        assert sheet.freeze_panes
        assert sheet.freeze_panes[1:] == "2"
        assert sheet.auto_filter.ref == f"A1:{last}{sheet.max_row}"
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize or 0)) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows == "$1:$1"
        assert "&P" in (sheet.oddFooter.center.text or "")
        assert full.course.settings.centre in (sheet.oddHeader.center.text or "")
        assert all(one.width and one.width >= 5 for one in sheet.column_dimensions.values())
    people = made["人员总表"]
    formats = {people.cell(1, cell.column).value: cell.number_format for cell in people[2]}
    assert (formats["总评"], formats["自"], formats["工号"], formats["问题"]) == ("0.0", "yyyy-mm-dd", "@", "0")


def test_no_cell_is_a_formula_and_no_file_has_a_macro(full: Ledger, tmp_path: Path) -> None:
    """What begins with = + - @ is text and stays text when somebody edits the cell (quotePrefix)."""
    import zipfile

    path = write_ledger(full, tmp_path / "台账.xlsx")
    made = load_workbook(path)
    cells = [cell for sheet in made.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    hostile = [cell for cell in cells if isinstance(cell.value, str) and cell.value[0] in "=+-@"]
    assert {NAMES["t1"], UNIT, "@王老师", "-请假未批"} <= {cell.value for cell in hostile}
    assert all(cell.quotePrefix for cell in hostile)
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "vba" in name.lower() or "external" in name.lower()]
        assert b"<f>" not in b"".join(archive.read(name) for name in archive.namelist() if "sheet" in name)
    assert path.stat().st_mode & 0o077 == 0


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=50), min_size=1, max_size=8))
@example(["_x0041_", "\r\n", "\x00\x1f", "\ufffe", "'=1", "=1", " a ", "\ud800"])
def test_any_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Control characters, blanks, quotes and escapes like _x0041_ included; only what XML cannot hold is replaced."""
    path = tmp_path_factory.getbasetemp() / "any.xlsx"
    write_book(path, [Sheet("x", [Column("a", 9)], [[text] for text in texts])])
    sheet = load_workbook(path).worksheets[0]
    back = [unescape(str(sheet.cell(row, 1).value or "")) for row in range(2, len(texts) + 2)]
    assert back == [re.sub("[\ud800-\udfff\ufffe\uffff]", "\ufffd", text) for text in texts]


def test_text_longer_than_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    """Excel holds 32,767 characters; more would be dropped without a word."""
    write_book(tmp_path / "long.xlsx", [Sheet("x", [Column("a", 9)], [["长" * 40_000], ["短"]])])
    sheet = load_workbook(tmp_path / "long.xlsx").worksheets[0]
    assert str(sheet["A2"].value).endswith("（太长，后面的没有写）")
    assert len(str(sheet["A2"].value)) == 32_767
    assert sheet["A3"].value == "短"


def test_a_class_has_its_own_ledger(full: Ledger) -> None:
    """With --class others are left out; an unknown class is named with those there are."""
    second = collect(full.course, "二班")
    assert list(second.people) == ["t3"]
    assert [row[8] for row in sheets(second)[2].rows] == [None, None]
    assert "现有班级：一班、二班" in run(full.course, "ledger", "--class", "三班", code=1)


def test_results_are_nbgraders_own(course: Course) -> None:
    """Points by hand replace automatic ones, extra credit counts, and a late penalty never goes below 0."""
    from nbgrader.api import Grade, Gradebook

    examine(course)
    mark(course, "e01", {"t2": (1, 2)})
    with Gradebook(course.db_url, course.settings.id) as gradebook:
        rows = gradebook.db.query(Grade).order_by(Grade.id).all()
        for number, row in enumerate(rows):
            if number % 3 == 0:
                row.manual_score = number + 0.25
            if number % 4 == 0:
                row.extra_credit = 2.5
            if number % 5 == 0:
                row.auto_score = None
        gradebook.db.commit()
    with open_records(course) as connection:
        found = {(one.assignment, one.trainee): one for one in results(connection)}
    with Gradebook(course.db_url, course.settings.id) as gradebook:
        for assignment in gradebook.assignments:
            for submission in assignment.submissions:
                one = found[assignment.name, submission.student.id]
                assert one.raw == pytest.approx(submission.score)
                assert one.penalty == pytest.approx(submission.late_submission_penalty or 0)
                assert one.waits == submission.needs_manual_grade
    assert len(found) == 8


# --- personal files -------------------------------------------------------------------------------------------------


def test_the_personal_file_has_all_and_escapes_all(full: Ledger) -> None:
    """Everything on record of one trainee, nothing of another, no markup that anybody typed."""
    page = person_page(full, full.people["t1"])
    for text in (
        "合格",
        "80.9",
        "能独立一次性告知",
        "漏收承诺书",
        "服务之星",
        "考勤表 11-07",
        "=材料核对很细",
        "2.5 学时",
    ):
        assert text in page, text
    assert "耐心&lt;b&gt;细致&lt;/b&gt;" in page
    assert "语速太快" not in page
    assert "<script>" not in person_page(full, full.people["t2"])
    assert "http" not in page.replace("http://x", "")


def test_forms_that_somebody_filled_in_land_in_their_file(full: Ledger) -> None:
    """Self-checks and peer reviews with their words escaped; an anonymous sheet is nobody's."""
    row = {"assignment": "s01", "exercise": "s01-a", "at": full.made.replace(tzinfo=None)}
    with open_records(full.course) as connection:
        for trainee, words in (("t1", '[["站姿<i>","好"]]'), (None, '[["满意吗","匿名的话"]]')):
            connection.execute(insert(FORM), row | {"student_id": trainee, "answer": words})
    again = collect(full.course)
    assert "站姿&lt;i&gt;" in person_page(again, again.people["t1"])
    assert "八、自检与互评" not in person_page(again, again.people["t2"])
    assert not [one for one in again.people.values() if "匿名的话" in person_page(again, one)]


@given(st.text(max_size=80), st.text(max_size=40))
def test_a_personal_files_name_stays_in_its_folder(trainee: str, name: str) -> None:
    """Whatever people are called; ids that differ give names that differ."""
    made = file_name(trainee, name)
    assert made == Path(made).name
    assert made[0] not in ".-"
    assert len(made.encode("utf-8", "replace")) < 450
    assert made != file_name(trainee + "/", name)


def test_persons_are_written_for_their_maker_only(full: Ledger, tmp_path: Path) -> None:
    """One page a trainee, named by id and name; the workbook is written by the same command."""
    said = run(full.course, "ledger", "--persons", str(tmp_path / "档案"), "--out", str(tmp_path / "a.xlsx"))
    assert "共 3 人" in said
    pages = sorted((tmp_path / "档案").iterdir())
    assert [page.name.split("-")[0] for page in pages] == ["t1", "t2", "t3"]
    assert all(page.stat().st_mode & 0o077 == 0 for page in pages)
    assert "请改文件名的后缀" in run(full.course, "ledger", "--out", str(tmp_path / "a.xls"), code=1)
    assert "--persons" in run(full.course, "ledger", "--pdf", code=1)


@pytest.mark.browser
def test_the_personal_file_opens_without_requests_and_prints(full: Ledger, tmp_path: Path) -> None:
    """Readable at 320 px without sideways scrolling, no serious barrier, no other host, and a PDF."""
    from axe_playwright_python.sync_playwright import Axe

    require_chromium()
    (page_file,) = write_persons(Ledger(**{**fields_of(full), "people": {"t1": full.people["t1"]}}), tmp_path)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 320, "height": 700})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        assert asked == [page_file.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        broken = [
            one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")
        ]
        assert broken == []
    (made,) = write_pdfs([page_file])
    assert made.read_bytes()[:5] == b"%PDF-"


def fields_of(ledger: Ledger) -> dict[str, Any]:
    """Return a ledger's fields, so that one can be changed."""
    return {name: getattr(ledger, name) for name in Ledger.__slots__}  # type: ignore[attr-defined]


def test_an_empty_office_says_what_to_do(tmp_path: Path) -> None:
    """Without a gradebook there is no ledger, and the file to import may be no workbook at all."""
    from building import make_course

    course = make_course(tmp_path / "new")
    assert "coursekit roster import" in run(course, "ledger", code=1)
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 no zip")
    assert "不是完好的 XLSX 文件" in run(course, "ledger", "import", str(tmp_path / "x.xlsx"), code=1)
    empty = Workbook()
    empty.save(tmp_path / "x.xlsx")
    assert "没有这些工作表" in run(course, "ledger", "import", str(tmp_path / "x.xlsx"), code=1)
