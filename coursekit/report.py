"""``coursekit report``: one self-contained page that says how a class stands, what to do next, and which item is broken."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from coursekit import charts, report_view
from coursekit.course import Course, CourseError
from coursekit.pages import REPORTS
from coursekit.report_answers import SAMPLE, ItemAnswers
from coursekit.report_data import Book, Sheet, read_book
from coursekit.report_view import BINS, Analysis
from coursekit.settings import Settings
from coursekit.templates import page_environment
from widgets.score import Verdict

#: Rows that one table lists; a longer class is better reported by 班级.
SHOWN = 300
#: People at risk who are seen at a glance; the rest unfolds.
FIRST = 12

#: Told how many of how many units are done.
Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that a report shows."""

    settings: Settings
    book: Book
    made: datetime
    analyses: Sequence[Analysis]


def write_report(
    course: Course,
    assignments: Sequence[str] = (),
    group: str = "",
    out: Path | None = None,
    step: Step = lambda *_: None,
) -> Path:
    """Write the report of *assignments* (all without any) and return its path; raises CourseError without any marks."""
    step(0, 3)
    book = read_book(course, assignments, group)
    if not any(sheet.marks or sheet.missing or sheet.ungraded for sheet in book.sheets):
        what = "、".join(assignments) or "全部作业"
        raise CourseError(f"{what}还没有发布、提交或评分，没有可以统计的内容。请先发布并评分：coursekit grade m04")
    step(1, 3)
    analyses = [report_view.analysis(sheet) for sheet in book.sheets if report_view.is_first(sheet)]
    page = Page(course.settings, book, datetime.now(course.zone), analyses)
    step(2, 3)
    path = out or course.root / REPORTS / f"{file_stem(assignments, group)}.html"
    _write(path, render(page))
    step(3, 3)
    return path


def file_stem(assignments: Sequence[str], group: str = "") -> str:
    """Name a report after what it covers."""
    words = [*(assignments or ("全部",)), *([group] if group else [])]
    return re.sub(r"[^\w-]+", "_", "-".join(words))[:80]


def render(page: Page) -> str:
    """Render a report; all text of any origin is escaped, and nothing is asked of another host."""
    rules, means = page.settings.evaluation, report_view.averages(page.book)
    return _ENVIRONMENT.get_template("report.html.j2").render(
        page=page,
        book=page.book,
        rules=rules,
        sheets=page.book.sheets,
        analyses=page.analyses,
        spreads={sheet.assignment: _spread(sheet, rules.pass_mark) for sheet in page.book.sheets},
        whole=report_view.spread(list(means.values()), rules.pass_mark),
        troubles=report_view.troubles(page.book, means, rules.pass_mark),
        needs=report_view.needs(page.book, means, rules.pass_mark),
        components=list(report_view.components(page.book, rules)),
        grouped=any(person.group for person in page.book.people.values()),
        first=FIRST,
        shown=SHOWN,
        sample=SAMPLE,
    )


def _spread(sheet: Sheet, pass_mark: float) -> report_view.Spread | None:
    return report_view.spread(list(sheet.percents.values()), pass_mark)


def _histogram(title: str, spread: report_view.Spread, pass_mark: float) -> Markup:
    return Markup(charts.histogram(title, spread.counts, bins(), pass_mark / 100))  # noqa: S704  charts escape


def bins() -> list[str]:
    """Name the bins of a distribution."""
    width = 100 // BINS
    return [f"{low}–{low + width - 1}" for low in range(0, 100 - width, width)] + [f"{100 - width}–100"]


def _facilities(analysis: Analysis) -> Markup:
    rows = [
        charts.Bar(analysis.title(one.name), one.facility, f"{100 * one.facility:.0f}%", one.interval)
        for one in (analysis.paper.items if analysis.paper else ())
    ]
    return Markup(charts.bars("各题得分率与 95% 置信区间", rows))  # noqa: S704  charts escape


def _ways(item: ItemAnswers) -> Markup:
    return Markup(charts.sankey(f"{item.title}：各步去向", item.drawn, item.ends))  # noqa: S704  charts escape


def _modules(spreads: Mapping[str, report_view.Spread], pass_mark: float) -> Markup:
    values = {name: one.mean / 100 for name, one in spreads.items()}
    title = "各模块平均分"
    if len(values) >= 3:
        return Markup(charts.radar(title, values, pass_mark / 100))  # noqa: S704  charts escape
    rows = [charts.Bar(name, value, f"{100 * value:.1f}") for name, value in values.items()]
    return Markup(charts.bars(title, rows, pass_mark / 100))  # noqa: S704  charts escape


def _number(value: float | None, digits: int = 1) -> str:
    """Write a number, or a dash where there is none; a mark with one digit is rounded as the evaluation rounds it."""
    if value is None:
        return "—"
    return f"{report_view.shown(value)}" if digits == 1 else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{100 * value:.1f}%"


def _names(people: Sequence[str], book: Book, most: int = 20) -> str:
    """Name people by id and name; a long list is cut and counted."""
    named = [f"{one} {book.people[one].name}".strip() for one in people[:most]]
    return "、".join(named) + (f" 等 {len(people)} 人" if len(people) > most else "")


def _write(path: Path, text: str) -> None:
    """Write a page that only its maker may read, whole or not at all; raises CourseError when it cannot be written."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.touch(mode=0o600)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise CourseError(f"报表写不进 {path}（{error.strerror}）。请检查路径和权限，或用 --out 换一个位置。") from None


_ENVIRONMENT = page_environment()
_ENVIRONMENT.globals |= {"wrong": Verdict.WRONG, "partly": Verdict.PARTLY, "missed": Verdict.MISSED}
_ENVIRONMENT.filters |= {"number": _number, "percent": _percent}
_ENVIRONMENT.globals |= {
    "histogram": _histogram, "facilities": _facilities, "ways": _ways, "modules_chart": _modules, "bins": bins, "names": _names,
}  # fmt: skip
