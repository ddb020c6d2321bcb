"""Effect tracking: arithmetic of before and after, bad figures said by sheet, row and field, and the report."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import chromium
from building import make_course
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from coursekit.cli import app
from coursekit.course import CourseError
from coursekit.effect import INDICATORS, Change, Figures, Phase, Value, compare, newcombe, one_decimal
from coursekit.effect_page import write_effect
from coursekit.effect_rows import EFFECT, QUALITY, judge, read
from coursekit.effect_store import import_effect, load_effect, write_template
from coursekit.roster_table import Sheet

TITLES = [one.label for one in EFFECT.columns.values()]
BEFORE = ["培训前", "1 号窗口", "2026-03-01", "2026-03-30", "1000", "30", "100", "68", "8", "0", "30", "3.2", "10"]
AFTER = ["培训后", "1 号窗口", "2026-06-01", "2026-06-30", "1000", "12", "100", "98", "1", "3", "24", "4.6", "10"]
TODAY = date(2026, 11, 22)


def figures(phase: Phase, counter: str = "1 号", days: int = 30, **more: Any) -> Figures:
    """Count something at a counter for some days of March or June."""
    start = date(2026, 3 if phase == "before" else 6, 1)
    return Figures(
        phase=phase, counter=counter, starts=start, ends=date.fromordinal(start.toordinal() + days - 1), **more
    )


def change(label: str, *rows: Figures) -> Change:
    """Compare one indicator."""
    return next(one for one in compare(rows).overall if one.label == label)


def problems(*rows: list[str], stored: Any = (), title: str = EFFECT.title) -> list[str]:
    """Read and judge a sheet of rows under the template's header."""
    heads = TITLES if title == EFFECT.title else [one.label for one in QUALITY.columns.values()]
    filled, found = read([Sheet(title, [heads, *rows])])
    return [str(one) for one in (*found, *judge(filled, stored, TODAY))]


def book(path: Path, *rows: list[Any], title: str = EFFECT.title) -> Path:
    """Write an XLSX as an office would."""
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.title = title
    for row in [TITLES, *rows]:
        sheet.append(row)
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.data_type = "s" if cell.data_type == "f" else cell.data_type  # typed as text, as in Excel after '
    made.save(path)
    return path


# --- arithmetic


def test_shares_differ_by_percentage_points() -> None:
    """68 % to 98 % is 30 percentage points and 44.1 per cent more; the two never take each other's name."""
    found = change("满意度", figures("before", rated=100, satisfied=68), figures("after", rated=100, satisfied=98))
    assert (found.difference, found.relative) == (Fraction(3, 10), Fraction(30, 68))
    assert found.said == "从 68.0% 到 98.0%，上升 30.0 个百分点（相对上升 44.1%）"
    assert found.verdict == "改善"


@pytest.mark.parametrize(("before", "after", "part"), [(8, 1, "87.5%"), (8, 2, "75.0%"), (40, 6, "85.0%")])
def test_counts_differ_by_per_cent(before: int, after: int, part: str) -> None:
    """Complaints from 8 to 1 are 87.5 % fewer, to 2 are 75 %, and from 10 to 1.5 (40 to 6 in four months) 85 %."""
    found = change("投诉量", figures("before", complaints=before), figures("after", complaints=after))
    assert found.said.endswith(f"（下降 {part}）")
    assert found.verdict == "改善"


def test_a_base_of_zero_is_said_in_words() -> None:
    """Nothing can be a percentage of 0, and nobody divides by it."""
    praises = change("表扬量", figures("before", praises=0), figures("after", praises=3))
    assert praises.relative is None
    assert praises.said == "从 0.0 件/30 天 到 3.0 件/30 天，增加 3.0 件/30 天（培训前为 0，不能算百分比）"
    errors = change("差错率", figures("before", handled=50, errors=0), figures("after", handled=50, errors=1))
    assert errors.said == "从 0.0% 到 2.0%，上升 2.0 个百分点（培训前为 0，不能算相对变化）"
    assert errors.verdict == "变差"
    same = change("投诉量", figures("before", complaints=0), figures("after", complaints=0))
    assert (same.said, same.verdict) == ("前后都是 0.0 件/30 天，没有变化", "没有变化")


def test_rates_are_pooled_not_averaged() -> None:
    """A counter with ten cases weighs as ten cases: 1/10 and 10/1000 are 11/1010, not 5.5 %."""
    rows = [
        figures(phase, name, handled=n, errors=bad)
        for phase in ("before", "after")
        for name, n, bad in (("甲", 10, 1), ("乙", 1000, 10))
    ]
    found = change("差错率", *rows)
    assert found.before is not None
    assert found.before.value == Fraction(11, 1010)


def test_counts_are_compared_for_equal_time() -> None:
    """Six complaints in sixty days are as many as three in thirty; counters add up, periods of one counter do not."""
    assert change("投诉量", figures("before", complaints=3), figures("after", days=60, complaints=6)).difference == 0
    two = [figures(phase, name, complaints=3) for phase in ("before", "after") for name in "甲乙"]
    found = change("投诉量", *two)
    assert found.before is not None
    assert found.before.value == 6


def test_means_are_weighted_by_cases() -> None:
    """Mean times of counters join by the cases behind them."""
    rows = [
        figures("before", "甲", handled=1, minutes=Decimal(60)),
        figures("before", "乙", handled=9, minutes=Decimal(10)),
    ]
    found = change("平均办理时长", *rows)
    assert found.before is not None
    assert found.before.value == 15


def test_only_counters_with_both_phases_count_in_the_whole() -> None:
    """A counter that was opened after the training does not change the comparison, and is named."""
    rows = [
        figures("before", "甲", complaints=4),
        figures("after", "甲", complaints=2),
        figures("after", "乙", complaints=90),
    ]
    found = compare(rows)
    whole = next(one for one in found.overall if one.label == "投诉量")
    assert whole.after is not None
    assert whole.after.value == 2
    assert found.left_out == {"投诉量": ["乙"]}
    assert [one.verdict for one in found.counters["乙"]] == ["不能比较"] * len(INDICATORS)


def test_newcombes_own_example() -> None:
    """56/70 and 48/80: 0.0524 to 0.3339 (Newcombe 1998, table II, method 10)."""
    low, high = newcombe(Value(Fraction(48, 80), Fraction(80)), Value(Fraction(56, 70), Fraction(70)))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_few_cases_are_doubted() -> None:
    """Two errors of ten against one of ten prove nothing; of ten thousand they do."""
    few = change("差错率", figures("before", handled=10, errors=2), figures("after", handled=10, errors=1))
    many = change(
        "差错率", figures("before", handled=10_000, errors=2000), figures("after", handled=10_000, errors=1000)
    )
    assert (few.doubt, many.doubt) == ("件数少，差别可能是偶然", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.05", "0.1"), ("0.04999", "0.0"), ("-0.05", "-0.1"), ("-0.04", "0.0"), ("2.25", "2.3"), ("99.95", "100.0")],
)
def test_one_decimal_is_rounded_half_up(value: str, text: str) -> None:
    """As people round: half goes away from zero, and nothing is minus nought."""
    assert one_decimal(Fraction(value)) == text


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 500))
def test_a_comparison_turned_round_is_the_opposite(a: int, n: int, b: int, m: int) -> None:
    """Swapping before and after turns the sign, the verdict, and the interval."""
    a, b = min(a, n), min(b, m)
    there = change("差错率", figures("before", handled=n, errors=a), figures("after", handled=m, errors=b))
    back = change("差错率", figures("before", handled=m, errors=b), figures("after", handled=n, errors=a))
    assert there.difference is not None
    assert back.difference == -there.difference
    assert {there.verdict, back.verdict} in ({"改善", "变差"}, {"没有变化"})
    assert there.interval is not None
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))


# --- bad input


def edited(row: list[str], **cells: str) -> list[str]:
    """Change cells of a row by their names."""
    names = list(EFFECT.columns)
    return [cells.get(name, cell) for name, cell in zip(names, row, strict=True)]


@pytest.mark.parametrize(
    ("cells", "place", "what"),
    [
        ({"phase": "以前"}, "第 2 行“阶段”", "请写：培训前或培训后"),
        ({"counter": ""}, "第 2 行“窗口”", "没有填写"),
        ({"starts": "三月"}, "第 2 行“起始日期”", "“三月”不是日期"),
        ({"ends": "2026-02-01"}, "第 2 行“截止日期”", "早于起始日期"),
        ({"ends": "2026-12-31"}, "第 2 行“截止日期”", "还没有到"),
        ({"errors": "3%"}, "第 2 行“差错件数”", "请填件数，不填百分比"),
        ({"errors": "2.5"}, "第 2 行“差错件数”", "不是件数"),
        ({"errors": "-1"}, "第 2 行“差错件数”", "不是件数"),
        ({"errors": "1001"}, "第 2 行“差错件数”", "大于办件量 1000"),
        ({"satisfied": "101"}, "第 2 行“满意数”", "大于评价数 100"),
        ({"handled": ""}, "第 2 行“办件量”", "填了差错件数，没有填办件量"),
        ({"handled": "0", "errors": "0"}, "第 2 行“平均办理时长”", "办件量是 0"),
        ({"feedback": "6"}, "第 2 行“学员反馈”", "请填 1 到 5 的数"),
        ({"minutes": "约半小时"}, "第 2 行“平均办理时长”", "超出范围或不是数"),
        (dict.fromkeys(EFFECT.figures, ""), "第 2 行“办件量”", "没有填任何数"),
    ],
)
def test_bad_figures_are_said_by_row_and_field(cells: dict[str, str], place: str, what: str) -> None:
    """Sheet, row, field, what was found and the cure, in Chinese."""
    said = problems(edited(BEFORE, **cells), AFTER)
    assert any(place in one and what in one and f"工作表“{EFFECT.title}”" in one for one in said), said


def test_periods_must_neither_overlap_nor_be_turned_round() -> None:
    """A case counted twice, or 培训前 after 培训后, is said with both rows; what is stored counts too."""
    assert "第 2 行的 2026-03-01 至 2026-03-30重叠" in problems(BEFORE, edited(AFTER, starts="2026-03-30"))[0]
    assert "培训前晚于培训后" in problems(edited(BEFORE, phase="培训后"), edited(AFTER, phase="培训前"))[0]
    assert "是同一窗口、同一日期" in problems(BEFORE, BEFORE)[0]
    stored, _ = read([Sheet(EFFECT.title, [TITLES, BEFORE])])
    kept = [type(one)(one.form, "", 0, one.values) for one in stored]
    assert "与已导入的" in problems(edited(AFTER, starts="2026-03-15"), stored=kept)[0]
    assert problems(BEFORE, AFTER, stored=kept) == []


def test_quality_marks_lie_between_0_and_100() -> None:
    """A mark above the maximum is said, and a row without any mark."""
    row = ["培训前", "1 号窗口", "2026-03-01", "神秘顾客"]
    assert "“微笑”：“101”超出范围" in problems([*row, "101", *["80"] * 12], title=QUALITY.title)[0]
    assert "没有填任何数" in problems([*row, *[""] * 13], title=QUALITY.title)[0]


def test_merged_cells_and_strange_files_are_refused(tmp_path: Path) -> None:
    """A merged cell is named by its address; a file without the sheets says which there should be."""
    path = book(tmp_path / "a.xlsx", BEFORE, AFTER)
    made = load_workbook(path)
    made.worksheets[0].merge_cells("B2:B3")
    made.save(path)
    course = make_course(tmp_path / "course")
    assert "合并单元格" in str(import_effect(course, path).problems[0])
    assert "效果数据、服务质量" in " ".join(str(one) for one in read([Sheet("a", []), Sheet("b", [])])[1])
    with pytest.raises(CourseError, match="打不开"):
        import_effect(course, tmp_path / "none.xlsx")


# --- through the database, the command line and the browser


def test_import_is_all_or_nothing_and_repeatable(tmp_path: Path) -> None:
    """One bad row keeps all out; the same file twice changes nothing; a corrected row replaces its own."""
    course = make_course(tmp_path)
    bad = import_effect(course, book(tmp_path / "bad.xlsx", BEFORE, edited(AFTER, errors="9999")))
    assert not bad.counts
    with pytest.raises(CourseError, match="还没有培训效果的数"):
        write_effect(course)
    good = book(tmp_path / "good.xlsx", BEFORE, AFTER)
    assert import_effect(course, good).counts[EFFECT.title].added == 2
    assert import_effect(course, good).counts[EFFECT.title].same == 2
    assert (
        import_effect(course, book(tmp_path / "c.xlsx", edited(AFTER, complaints="2"))).counts[EFFECT.title].updated
        == 1
    )
    assert [one.complaints for one in load_effect(course)[0]] == [8, 2]


def test_the_template_comes_back_as_it_was_filled_in(tmp_path: Path) -> None:
    """What the command writes, Excel fills in with real dates and numbers, and the command reads again."""
    course, path = make_course(tmp_path / "course"), tmp_path / "模板.xlsx"
    write_template(path)
    made = load_workbook(path)
    days: list[Any] = [datetime(2026, 3, 1), datetime(2026, 3, 30)]  # noqa: DTZ001  a spreadsheet's day has no zone
    for place, value in enumerate(["培训前", "1 号窗口", *days, 1000, 30, 100, 68, 8, 0, 30.5, 3.25, 10], 1):
        made[EFFECT.title].cell(2, place).value = value
    made.save(path)
    assert [str(one) for one in import_effect(course, path).problems] == []
    (one,) = load_effect(course)[0]
    assert (one.starts, one.handled, one.minutes, one.feedback) == (
        date(2026, 3, 1),
        1000,
        Decimal("30.50"),
        Decimal("3.25"),
    )


@pytest.mark.browser
def test_the_report_reads_well_and_asks_nobody(tmp_path: Path) -> None:
    """Numbers on the page are those computed; hostile names are text; no request, no serious fault (axe)."""
    course = make_course(tmp_path)
    name = "<img src=x onerror=alert(1)>窗口"
    rows = [[*row[:1], name, *row[2:]] for row in (BEFORE, AFTER)]
    import_effect(course, book(tmp_path / "a.xlsx", *rows, edited(AFTER, counter="新窗口")))
    page_path = write_effect(course)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 320, "height": 700})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_path.as_uri())
        row = page.locator("#whole tbody tr", has_text="满意度")
        assert "上升 30.0 个百分点（相对上升 44.1%）" in row.inner_text()
        assert page.locator("img").count() == 0
        assert "新窗口" in page.locator("#whole .warn").first.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert asked == [page_path.as_uri()]
        faults = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        assert faults == []


def test_the_command_line_exports_numbers(tmp_path: Path) -> None:
    """The XLSX has numbers, not texts, and percentage points beside per cent; names that look like formulas stay text."""
    course = make_course(tmp_path / "course")
    rows = [[*row[:1], "=1+1", *row[2:]] for row in (BEFORE, AFTER)]
    at = ["--course", str(course.root)]
    done = CliRunner().invoke(
        app, ["effect", "import", str(book(tmp_path / "a.xlsx", *rows)), *at], catch_exceptions=False
    )
    assert "新增 2" in done.output
    out = tmp_path / "效果.xlsx"
    assert CliRunner().invoke(app, ["effect", "report", "--out", str(out), *at]).exit_code == 0
    sheet = load_workbook(out)["前后对比"]
    (row,) = [row for row in sheet.iter_rows(min_row=2) if row[1].value == "满意度"]
    assert [cell.value for cell in row[3:7]] == [68.0, 98.0, 30.0, 44.1]
    assert (row[0].value, row[0].data_type) == ("=1+1", "s")
    with pytest.raises(CourseError, match=r"只能写成 \.html 或 \.xlsx"):
        write_effect(course, tmp_path / "a.pdf")
