"""The effect report: one offline page with charts and the tables behind them, or the same as XLSX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from markupsafe import Markup

from coursekit import charts, plain, quality
from coursekit.course import Course, CourseError
from coursekit.effect import INDICATORS, PHASES, Change, Comparison, Figures, Value, amount, compare, one_decimal
from coursekit.effect_rows import EFFECT
from coursekit.effect_store import Marked, load_effect
from coursekit.intervals import wilson
from coursekit.pages import REPORTS
from coursekit.quality import LABELS, Index
from coursekit.settings import Settings
from coursekit.templates import page_environment
from coursekit.xlsx import Column, Sheet, write_book

#: The whole centre's name in tables beside those of counters.
WHOLE = "全部窗口"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the report shows; *indexes* are by counter and phase, the whole centre first."""

    settings: Settings
    made: datetime
    figures: Sequence[Figures]
    comparison: Comparison
    indexes: Mapping[str, Mapping[str, Index]]

    @property
    def groups(self) -> dict[str, Sequence[Change]]:
        """All changes, the whole centre first; a single counter is the whole."""
        several = len(self.comparison.counters) > 1
        return ({WHOLE: self.comparison.overall} if several else {}) | dict(self.comparison.counters)


def write_effect(course: Course, out: Path | None = None) -> Path:
    """Write the report as the name of *out* says, .html (default) or .xlsx; raises CourseError without any figures."""
    path = out or course.root / REPORTS / "培训效果.html"
    if path.suffix.lower() not in (".html", ".xlsx"):
        raise CourseError(f"“{path.name}”：只能写成 .html 或 .xlsx，请改文件名的后缀。")
    report = collect(course)
    if path.suffix.lower() == ".xlsx":
        write_book(path, _sheets(report), f"{course.settings.centre}　培训效果", f"{report.made:%Y-%m-%d}")
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        plain.write(path, render(report).encode())
    except OSError as error:
        raise CourseError(f"写不进 {path}（{error.strerror}）。请检查路径和权限。") from None
    return path


def collect(course: Course) -> Report:
    """Read and compare everything; raises CourseError when nothing has been imported."""
    figures, marks = load_effect(course)
    if not figures and not marks:
        raise CourseError(
            "还没有培训效果的数。请先写模板：coursekit effect template 模板.xlsx，填好后导入：coursekit effect import 模板.xlsx"
        )
    return Report(course.settings, datetime.now(course.zone), figures, compare(figures), _indexes(course, marks))


def render(report: Report) -> str:
    """Render the page; all text of any origin is escaped, and nothing is asked of another host."""
    return _ENVIRONMENT.get_template("effect.html.j2").render(
        report=report,
        charts={one.label: _chart(place, report.groups) for place, one in enumerate(INDICATORS)},
        pictures={title: _radar(title, indexes) for title, indexes in report.indexes.items()},
    )


def _indexes(course: Course, marks: Sequence[Marked]) -> dict[str, dict[str, Index]]:
    rules = course.settings.quality
    weights: dict[quality.Dimension, int] = {
        "attitude": rules.attitude, "expertise": rules.expertise,
        "efficiency": rules.efficiency, "innovation": rules.innovation,
    }  # fmt: skip
    names = sorted({one.counter for one in marks})
    groups = ({WHOLE: set(names)} if len(names) > 1 else {}) | {name: {name} for name in names}
    return {
        title: {
            phase: quality.index(chosen, weights)
            for phase in PHASES
            if (chosen := [one.observation for one in marks if one.phase == phase and one.counter in counters])
        }
        for title, counters in groups.items()
    }


def _chart(place: int, groups: Mapping[str, Sequence[Change]]) -> Markup:
    """Draw an indicator as pairs of bars on one scale that begins at 0."""
    rows = [
        (f"{title} {label}", value, changes[place])
        for title, changes in groups.items()
        for label, value in ((PHASES["before"], changes[place].before), (PHASES["after"], changes[place].after))
        if value is not None
    ]
    if not rows:
        return Markup()
    top = max([1e-9, *(_spread(value, one)[1] for _, value, one in rows)])
    drawn = []
    for label, value, one in rows:
        low, high = _spread(value, one)
        whiskers = (low / top, high / top) if one.kind == "share" else None
        drawn.append(charts.Bar(label, float(value.value) / top, amount(value.value, one.unit), whiskers))
    one = rows[0][2]
    return Markup(charts.bars(f"{one.label}，培训前和培训后", drawn))  # noqa: S704  charts escape


def _spread(value: Value, one: Change) -> tuple[float, float]:
    return wilson(float(value.value), int(value.base)) if one.kind == "share" else (float(value.value),) * 2


def _radar(title: str, indexes: Mapping[str, Index]) -> Markup:
    """Draw the newest phase's four dimensions, when all are there; the ring is what was before, on average."""
    newest = indexes.get("after") or indexes["before"]
    shares = {LABELS[name]: float(mark) / 100 for name, mark in newest.dimensions.items() if mark is not None}
    if len(shares) < len(LABELS):
        return Markup()
    phase = PHASES["after"] if "after" in indexes else PHASES["before"]
    return Markup(charts.radar(f"{title}{phase}的服务质量四项", shares, 0.8))  # noqa: S704  charts escape


def _sheets(report: Report) -> list[Sheet]:
    compared = [
        [title, one.label, one.unit, _shown(one.before, one), _shown(one.after, one), _scaled(one.difference, one),
         _percent(one.relative), one.verdict, "；".join(filter(None, (one.said, one.doubt)))]
        for title, changes in report.groups.items()
        for one in changes
    ]  # fmt: skip
    columns = [
        Column("窗口", 16), Column("指标", 14), Column("单位", 12), Column("培训前", 10, "number"),
        Column("培训后", 10, "number"), Column("差（百分数为百分点）", 12, "number"),
        Column("相对变化 %", 10, "number"), Column("结论", 10), Column("说明", 60),
    ]  # fmt: skip
    sheets = [Sheet("前后对比", columns, compared, 2)]
    if report.indexes:
        heads = [Column("窗口", 16), Column("阶段", 10), *(Column(label, 10, "number") for label in LABELS.values())]
        sheets.append(Sheet("服务质量指数", [*heads, Column("指数", 10, "number")], list(_index_rows(report)), 2))
    titles = [Column(one.label, 14, _kind(one.kind)) for one in EFFECT.columns.values()]
    data = [[_cell(getattr(row, name), name) for name in EFFECT.columns] for row in report.figures]
    return [*sheets, Sheet("原始数据", titles, data, 2)]


def _index_rows(report: Report) -> Iterable[list[Any]]:
    for title, phases in report.indexes.items():
        for phase, one in phases.items():
            label = PHASES["before"] if phase == "before" else PHASES["after"]
            yield [title, label, *map(_tenths, one.dimensions.values()), _tenths(one.total)]


def _kind(kind: str) -> str:
    return {"day": "day", "count": "count", "minutes": "number", "grade": "number"}.get(kind, "text")


def _cell(value: Any, name: str) -> Any:
    return PHASES["before" if value == "before" else "after"] if name == "phase" else value


def _shown(value: Value | None, one: Change) -> Decimal | None:
    return None if value is None else _scaled(value.value, one)


def _scaled(value: Fraction | None, one: Change) -> Decimal | None:
    return None if value is None else _tenths(value * 100 if one.kind == "share" else value)


def _percent(value: Fraction | None) -> Decimal | None:
    return None if value is None else _tenths(value * 100)


def _tenths(value: Fraction | None) -> Decimal | None:
    return None if value is None else Decimal(one_decimal(value))


_ENVIRONMENT = page_environment()
_ENVIRONMENT.filters |= {"tenths": lambda value: "—" if value is None else one_decimal(value), "amount": amount}
_ENVIRONMENT.globals |= {"PHASES": PHASES, "LABELS": LABELS, "ALL": quality.ALL}
