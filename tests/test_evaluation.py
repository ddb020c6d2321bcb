"""From marks to decisions: exact arithmetic, floors, sittings, red lines, states, and a record that only grows."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import CHECKLIST, CHECKLIST_KEY, REPO, SPOTTING, SPOTTING_KEY, write_assignment
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from coursekit import conduct
from coursekit.cli import app
from coursekit.conduct import parse_points
from coursekit.course import Course, CourseError
from coursekit.decisions import decisions, move
from coursekit.evaluate import Standing, evaluate_course, standings
from coursekit.evaluation import (
    COMPONENTS,
    Conduct,
    Entry,
    Evaluated,
    Sitting,
    below_floor,
    evaluate,
    fastest,
    history,
    is_close,
    rounded,
    standing_conduct,
    total_of,
)
from coursekit.gradebook import Result, open_gradebook
from coursekit.records import open_records
from coursekit.settings import Component, Evaluation
from coursekit.states import BY_HAND, Stage, State, notice, steps

RULES = Evaluation()
PAPERS: dict[Component, tuple[str, ...]] = {"theory": ("e01",), "practical": ("e02",), "scenario": ("d01", "d02")}
#: Marks on the scale that people see.
TENTHS = st.integers(0, 1000).map(lambda tenths: Decimal(tenths) / 10)


def of(theory: str, practical: str, scenario: str) -> dict[Component, Decimal]:
    return {"theory": Decimal(theory), "practical": Decimal(practical), "scenario": Decimal(scenario)}


def one(points: float | str, maximum: int = 100, waiting: int = 0, red: tuple[str, ...] = ()) -> Sitting:
    return Sitting(Decimal(str(points)), Decimal(maximum), waiting, red)


def sat(*marks: tuple[float | str, float | str, float | str]) -> dict[str, dict[int, Sitting]]:
    """Return sittings with the same marks in both drills; a mark below 0 was not sat."""
    found: dict[str, dict[int, Sitting]] = {}
    for number, (theory, practical, scenario) in enumerate(marks, 1):
        for name, mark in (("e01", theory), ("e02", practical), ("d01", scenario), ("d02", scenario)):
            if float(mark) >= 0:
                found.setdefault(name, {})[number] = one(mark)
    return found


def judged(*marks: tuple[float | str, float | str, float | str], rules: Evaluation = RULES, **other: Any) -> Evaluated:
    return evaluate(rules, PAPERS, sat(*marks), **other)


def test_rounding_is_half_up_at_every_boundary() -> None:
    """79.95 is 80.0, 79.949 is not; binary fractions play no part."""
    for value, mark in (("79.95", "80.0"), ("79.949999", "79.9"), ("0.05", "0.1"), ("99.95", "100.0"), ("2.25", "2.3")):
        assert str(rounded(Decimal(value))) == mark
    assert str(rounded(Fraction(1, 3))) == "0.3"


@given(st.fractions(0, 100))
def test_rounding_is_never_off_by_more_than_half_a_tenth(value: Fraction) -> None:
    """A property of rounding, whatever the denominator; a tie goes up."""
    mark = rounded(value)
    assert Fraction(-1, 20) < Fraction(mark) - value <= Fraction(1, 20)


def test_the_examples_of_the_training_office() -> None:
    """82/76/90 gives 81.9 and passes; 79/95/92 gives 87.9 and fails by theory alone."""
    good = judged((82, 76, 90))
    assert (str(good.total), good.passed, good.below, good.advice) == ("81.9", True, (), ())
    assert good.gap == 0
    bad = judged((79, 95, 92))
    assert (bad.total, bad.passed, bad.below) == (Decimal("87.9"), False, ("theory",))
    assert bad.advice is not None
    assert [(step.component, step.to) for step in bad.advice] == [("theory", Decimal(80))]


def test_a_total_of_79_95_passes() -> None:
    """Half up at the very end, out of unrounded components, as m11 and m12 teach."""
    exact = judged(("80.04", "79.94", "79.82"))  # 79.95; rounded components would give 79.9
    assert (str(exact.total), exact.passed, exact.components) == ("80.0", True, of("80.0", "79.9", "79.8"))
    assert str(judged(("80.04", "79.94", "79.81")).total) == "79.9"
    assert total_of(RULES, of("80", "79.9", "79.9")) == Decimal("79.9")
    assert total_of(RULES, of("80", "79.9", "80")) == Decimal("80.0")
    assert judged((80, "79.9", 80)).passed
    rules = msgspec.structs.replace(RULES, weights={"theory": 50, "practical": 25, "scenario": 25})
    assert total_of(rules, of("80", "80", "79.8")) == Decimal("80.0")  # 79.95
    assert not judged((80, "79.8", "79.8")).passed  # 79.88


@given(st.tuples(TENTHS, TENTHS, TENTHS), st.decimals(-30, 30, places=1))
def test_advice_is_enough_and_not_a_tenth_too_much(marks: tuple[Decimal, Decimal, Decimal], points: Decimal) -> None:
    """Following the advice reaches every line; a tenth less in any component does not."""
    given_marks: dict[Component, Decimal] = dict(zip(COMPONENTS, marks, strict=True))
    advice = fastest(RULES, given_marks, points)
    assert advice is not None  # a hundred everywhere, less five for conduct, passes
    after = given_marks | {step.component: step.to for step in advice}
    assert not below_floor(RULES, after)
    assert total_of(RULES, after, points) >= RULES.pass_mark
    for step in advice:
        less = after | {step.component: step.to - Decimal("0.1")}
        assert below_floor(RULES, less) or total_of(RULES, less, points) < RULES.pass_mark


@pytest.mark.parametrize(("theory", "passed"), [("79.95", True), ("79.94", False)])
def test_a_line_is_reached_by_the_mark_as_it_is_shown(theory: str, passed: bool) -> None:
    """Who reads 80.0 has 80."""
    assert judged((theory, 95, 92)).passed is passed


def test_advice_goes_where_a_point_weighs_most() -> None:
    """Theory weighs 40: one point short needs 2.4 there (rounding helps), not 2.8 or 3.8 elsewhere."""
    advice = fastest(RULES, of("80", "80", "76"))
    assert advice is not None
    assert [(step.component, step.to - step.at) for step in advice] == [("theory", Decimal("2.4"))]


def test_advice_says_when_a_capped_resit_cannot_help() -> None:
    """With at most 80 in each and five points taken off there is no way by examinations alone."""
    rules = msgspec.structs.replace(RULES, resit="cap")
    assert fastest(rules, of("70", "70", "70"), Decimal(-5)) is None
    assert fastest(rules, of("70", "70", "70")) is not None


def test_a_component_lacks_its_mark_until_every_paper_has_one() -> None:
    """Not sat and not yet marked by a person are said apart; a paper of no points is no mark."""
    papers = sat((82, 76, 90))
    del papers["d02"]
    papers["e02"] = {1: one(50, waiting=2)}
    result = evaluate(RULES, PAPERS, papers)
    assert (result.total, result.passed, result.advice) == (None, False, None)
    assert result.missing == {"practical": "e02 待评分", "scenario": "d02 未考"}


def test_drills_count_by_their_points() -> None:
    """A component is the sum of points over the sum of maxima, not a mean of percentages."""
    papers = sat((82, 76, 90)) | {"d01": {1: one(10, 10)}, "d02": {1: one(45, 90)}}
    assert evaluate(RULES, PAPERS, papers).components["scenario"] == Decimal("55.0")


def test_the_first_sitting_that_passes_stands() -> None:
    """Who has passed and sits again for practice loses nothing."""
    assert judged((82, 76, 90), (0, 0, 0)).passed
    assert judged((82, 76, 90), (0, 0, 0)).sitting == 1


def test_a_resit_replaces_what_it_repeats_and_nothing_else() -> None:
    """Theory failed and repeated; practical and scenario keep their marks."""
    result = judged((70, 95, 92), (85, -1, -1))
    assert (result.components, result.passed, result.sitting) == (of("85.0", "95.0", "92.0"), True, 2)
    assert result.resat == {"theory"}


def test_a_capped_resit_brings_at_most_the_pass_mark() -> None:
    """As course.toml says; the first sitting is not capped."""
    rules = msgspec.structs.replace(RULES, resit="cap")
    assert judged((70, 95, 92), (100, -1, -1), rules=rules).components["theory"] == 80
    assert judged((95, 60, 92), (-1, 100, -1), rules=rules).components == of("95.0", "80.0", "92.0")


@pytest.mark.parametrize(("policy", "mark"), [("first", 70), ("last", 60), ("best", 70)])
def test_which_sitting_counts_is_a_setting(policy: Any, mark: int) -> None:
    """A component by itself: the second try was worse."""
    rules = msgspec.structs.replace(RULES, attempts={"theory": policy})
    assert judged((70, 95, 92), (60, -1, -1), rules=rules).components["theory"] == mark


def test_a_red_line_keeps_anybody_from_passing_until_it_is_gone() -> None:
    """From conduct until taken back; from a drill until a sitting without it counts."""
    assert not judged((90, 90, 90), conduct=Conduct(red=("收受礼品",))).passed
    papers = sat((90, 90, 90))
    papers["d01"][1] = one(90, red=("d01-s1 泄露隐私",))
    result = evaluate(RULES, PAPERS, papers)
    assert (result.passed, result.red) == (False, ("d01：d01-s1 泄露隐私",))
    papers["d01"][2] = one(90)
    assert evaluate(RULES, PAPERS, papers).passed


def test_conduct_is_bounded_and_can_be_taken_back() -> None:
    """At most five points either way by default; a line that is taken back counts no more."""
    plus = [Entry(n, "points", Decimal(3), "表扬") for n in (1, 2, 3)]
    assert standing_conduct(plus).points == 9
    assert total_of(RULES, of("70", "70", "70"), Decimal(9)) == 75
    assert total_of(RULES, of("98", "98", "98"), Decimal(9)) == 100
    assert total_of(RULES, of("1", "1", "1"), Decimal(-9)) == 0
    undone = [*plus, Entry(4, "red", Decimal(0), "吃拿卡要"), Entry(5, "undo", Decimal(0), "误记", 4)]
    assert standing_conduct(undone) == Conduct(Decimal(9), ())
    assert standing_conduct(undone[:-1]).red == ("吃拿卡要（记录 4）",)


@pytest.mark.parametrize("text", ["", "x", "0", "NaN", "Infinity", "1.25", "21", "-21"])
def test_points_are_tenths_up_to_twenty(text: str) -> None:
    """Anything else is refused; full-width signs are read."""
    with pytest.raises(CourseError):
        parse_points(text)
    assert parse_points("－0.5") == Decimal("-0.5")


def test_who_is_within_one_standard_error_is_to_be_looked_at() -> None:
    """On either side of the pass mark, the error itself included; nobody without a total or an error."""
    assert [is_close(Decimal(total), 80, 1.5) for total in ("78.4", "78.5", "80.0", "81.5", "81.6")] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert not is_close(None, 80, 1.5)
    assert not is_close(Decimal(80), 80, None)


def path(
    stage: Stage, *marks: tuple[float, float, float], trained: bool = False, void: int = 0
) -> list[tuple[str, str]]:
    results = history(RULES, PAPERS, sat(*marks), None, void)
    return [(step.before.value, step.after.value) for step in steps(stage, results, is_trained=trained)]


def test_the_way_through_the_states() -> None:
    """在训 → 待考 → 合格, or → 强化培训 → 复考 → 合格; every step in its order even when seen late."""
    start = Stage()
    assert path(start) == []
    assert path(start, trained=True) == [("在训", "待考")]
    assert path(start, (82, -1, -1)) == [("在训", "待考")]
    assert path(start, (82, 76, 90)) == [("在训", "待考"), ("待考", "合格")]
    assert path(start, (70, 76, 90)) == [("在训", "待考"), ("待考", "强化培训")]
    late = path(start, (70, 76, 90), (85, -1, -1))
    assert late == [("在训", "待考"), ("待考", "强化培训"), ("强化培训", "复考"), ("复考", "合格")]
    assert path(Stage(State.RETRAINING, 1), (70, 76, 90), (60, -1, -1)) == [("强化培训", "复考")]
    assert path(Stage(State.RESIT, 2), (70, 76, 90), (60, -1, -1)) == []
    assert path(Stage(State.EXTENDED, 2), (70, 76, 90), (60, -1, -1)) == []
    assert path(Stage(State.EXTENDED, 2), (70, 76, 90), (60, -1, -1), (85, -1, -1)) == [
        ("延长试用期", "复考"), ("复考", "合格"),
    ]  # fmt: skip


def test_a_corrected_mark_passes_and_a_decision_by_people_is_not_overruled() -> None:
    """Who passed or was moved stays; a pass that was taken back needs a new sitting."""
    assert path(Stage(State.RETRAINING, 1), (82, 76, 90)) == [("强化培训", "合格")]
    for state in (State.PASSED, State.MOVED):
        assert path(Stage(state, 1), (82, 76, 90), trained=True) == []
        assert path(Stage(state, 1), (10, 10, 10), trained=True) == []
    taken_back = Stage(State.RETRAINING, 1, void=1)
    assert path(taken_back, (82, 76, 90), void=1) == []
    assert path(taken_back, (82, 76, 90), (83, -1, -1), void=1) == [("强化培训", "复考"), ("复考", "合格")]
    again = Stage(State.TRAINING, 1, void=1)
    assert path(again, (82, 76, 90), void=1) == []


def test_what_people_must_decide_is_said() -> None:
    """Failed twice; something left to repeat; passed but the marks changed."""
    assert "请决定" in notice(State.RESIT, judged((70, 76, 90), (60, -1, -1)))
    assert notice(State.RESIT, judged((70, 60, 90), (85, -1, -1))) == "还须复考实操"
    assert "复核" in notice(State.PASSED, judged((70, 76, 90)))
    assert notice(State.PASSED, judged((82, 76, 90))) == ""


@given(st.sampled_from(State), st.lists(st.tuples(*[st.integers(-1, 100)] * 3), max_size=3), st.booleans())
def test_marks_never_take_a_step_that_is_not_allowed(
    state: State, marks: list[tuple[int, int, int]], trained: bool
) -> None:
    """Steps form a chain, end where nothing follows, and are the machine's own."""
    allowed = {
        (State.TRAINING, State.WAITING), (State.WAITING, State.PASSED), (State.WAITING, State.RETRAINING),
        (State.RETRAINING, State.RESIT), (State.EXTENDED, State.RESIT), (State.RESIT, State.PASSED),
        (State.RETRAINING, State.PASSED), (State.EXTENDED, State.PASSED),
    }  # fmt: skip
    results = history(RULES, PAPERS, sat(*marks))
    found = steps(Stage(state, 1), results, is_trained=trained)
    assert all((step.before, step.after) in allowed for step in found)
    assert [step.before for step in found] == [state, *(step.after for step in found)][: len(found)]
    end = found[-1] if found else None
    if end:
        assert steps(Stage(end.after, end.sitting), results, is_trained=trained) == ()
    assert State.PASSED not in {after for some in BY_HAND.values() for after in some}


def test_settings_refuse_what_cannot_be_meant() -> None:
    """A paper in two components; a cap below a floor."""
    tables: tuple[dict[str, Any], ...] = (
        {"components": {"theory": ["e01"], "practical": ["e01"]}},
        {"resit": "cap", "floors": {"theory": 90, "practical": 70, "scenario": 70}},
        {"resit": "none"}, {"conduct_limit": 90}, {"components": {"theory": []}},
    )  # fmt: skip
    for table in tables:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(table, Evaluation)


# --- through a real gradebook ---------------------------------------------------------------------------------------

NAMES = ("e01", "e02", "d01", "e01-2")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Let nbgrader generate two examinations, a drill and a second sitting, each of two exercises of 50 points."""
    from coursekit.nbgrader import Nbgrader

    root = tmp_path_factory.mktemp("course")
    shutil.copytree(REPO / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
    course = Course.load(root)
    for name in NAMES:
        write_assignment(
            course.source / name,
            {
                f"{name}-c1": ("ChecklistReview", CHECKLIST, CHECKLIST_KEY, 50),
                f"{name}-w1": ("RecordSpotting", SPOTTING, SPOTTING_KEY, 50),
            },
        )
        Nbgrader(course).generate_assignment(name)
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    shutil.copytree(released.root, tmp_path / "course")
    return Course.load(tmp_path / "course")


def mark(course: Course, assignment: str, marks: Mapping[str, tuple[float, float]], report: str = "{}") -> None:
    """Write marks of two exercises as the grader does."""
    when = datetime(2026, 11, 22, 5, tzinfo=UTC).replace(tzinfo=None)
    results = [
        Result(who, when, {assignment: {f"{assignment}-c1": a, f"{assignment}-w1": b}}, "", report)
        for who, (a, b) in marks.items()
    ]
    with open_gradebook(course) as gradebook:
        gradebook.record(gradebook.assignment(assignment), results, "测试", lambda *_: None)


def found(course: Course) -> dict[str, Standing]:
    return {one.trainee: one for one in standings(course)}


def examined(course: Course) -> Course:
    mark(course, "e01", {"t1": (42, 40), "t2": (39, 40), "t3": (20, 30)})
    mark(course, "e02", {"t1": (40, 36), "t2": (45, 50), "t3": (35, 36)})
    mark(course, "d01", {"t1": (45, 45), "t2": (46, 46)})
    return course


def test_the_gradebook_says_where_everybody_stands(course: Course) -> None:
    """The same examples as above, by way of nbgrader's tables; who lacks a drill waits."""
    people = found(examined(course))
    assert [people[key].total for key in ("t1", "t2", "t3")] == [Decimal("81.9"), Decimal("87.9"), None]
    assert [people[key].next_state for key in ("t1", "t2", "t3")] == [State.PASSED, State.RETRAINING, State.WAITING]
    assert {one.state for one in people.values()} == {State.TRAINING}
    assert people["t3"].result.missing == {"scenario": "d01 未考"}


def test_every_transition_is_recorded_once_and_for_ever(course: Course) -> None:
    """Evaluating again adds nothing; the database refuses to change or delete what is written."""
    examined(course)
    evaluate_course(course, write=True)
    evaluate_course(course, write=True)
    mark(course, "e01-2", {"t2": (42, 43)})
    assert found(course)["t2"].components["theory"] == 85
    evaluate_course(course, write=True)
    with open_records(course) as connection:
        mine = decisions(connection, "t2")
    assert [one.after.value for one in mine] == ["待考", "强化培训", "复考", "合格"]
    assert (mine[1].reason, mine[1].total) == ("总评 87.9，理论 79.0 低于最低线", Decimal("87.9"))
    assert found(course)["t2"].since is not None
    for table in ("transition", "conduct"):
        with sqlite3.connect(course.root / "gradebook.db") as db:
            triggers = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        assert {f"coursekit_{table}_no_{what}" for what in ("update", "delete", "insert")} <= triggers
    for statement in ("UPDATE coursekit_transition SET reason = ''", "DELETE FROM coursekit_transition"):
        with sqlite3.connect(course.root / "gradebook.db") as db, pytest.raises(sqlite3.Error, match="append-only"):
            db.execute(statement)


def test_people_decide_with_a_reason_and_within_the_rules(course: Course) -> None:
    """Nobody is passed by hand; a pass that was taken back does not come back by itself."""
    evaluate_course(examined(course), write=True)
    with pytest.raises(CourseError, match="合格只能由成绩评定"):
        move(course, "t2", State.PASSED, "情况特殊")
    with pytest.raises(CourseError, match="原因"):
        move(course, "t2", State.MOVED, " ")
    with pytest.raises(CourseError, match="没有工号"):
        move(course, "nobody", State.MOVED, "调离")
    assert move(course, "t1", State.RETRAINING, "考试违纪") is State.PASSED
    evaluate_course(course, write=True)
    assert found(course)["t1"].state is State.RETRAINING
    mark(course, "e01-2", {"t1": (50, 50)})
    evaluate_course(course, write=True)
    assert found(course)["t1"].state is State.PASSED


def test_conduct_counts_and_is_taken_back_not_erased(course: Course) -> None:
    """Points move the total within their bound, a red line stops the pass; both need evidence."""
    examined(course)
    conduct.add_points(course, "t1", Decimal(-3), "迟到", "考勤表 11 月")
    number = conduct.add_red(course, "t1", "泄露个人信息", "投诉单 7")
    one = found(course)["t1"]
    assert (one.total, one.result.passed) == (Decimal("78.9"), False)
    assert "红线" in one.steps[-1].reason
    with pytest.raises(CourseError, match="依据"):
        conduct.add_points(course, "t1", Decimal(1), "好", "")
    conduct.undo(course, number, "查无实据")
    with pytest.raises(CourseError, match="已经撤销"):
        conduct.undo(course, number, "查无实据")
    conduct.undo(course, 1, "请了假")
    assert found(course)["t1"].result.passed
    with open_records(course) as connection:
        assert [row.entry.kind for row in conduct.records(connection)] == ["points", "red", "undo", "undo"]


def test_a_mark_above_the_maximum_is_said_and_counts_as_the_maximum(course: Course) -> None:
    """With the paper, the trainee, the cell and the cure."""
    examined(course)
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute("UPDATE grade SET manual_score = 500 WHERE auto_score = 42")
    results = evaluate_course(course)
    assert [text for text in results.problems if "t1" in text and "500" in text and "0 到 50" in text]
    assert results.standings[0].components["theory"] == 100


def test_a_red_line_in_the_grading_report_is_found(course: Course) -> None:
    """The report of a drill names them by exercise."""
    examined(course)
    mark(course, "d01", {"t1": (45, 45)}, json.dumps({"red": {"d01-s1": ["第 2 步：泄露隐私"]}}))
    assert found(course)["t1"].result.red == ("d01：d01-s1 第 2 步：泄露隐私",)


def test_the_standard_error_is_that_of_the_item_analysis(course: Course) -> None:
    """Errors of the papers add up by their weights, as independent ones do."""
    from coursekit.statistics import Question, analyse

    examined(course)
    mark(course, "e01", {"t4": (50, 20), "t5": (10, 45)})
    e01 = [(42, 40), (39, 40), (20, 30), (50, 20), (10, 45)]
    expected = 0.0
    for weight, rows in ((0.4, e01), (0.35, [(40, 36), (45, 50), (35, 36)]), (0.25, [(45, 45), (46, 46)])):
        paper = analyse([Question(str(n), 50, [row[n] for row in rows]) for n in (0, 1)])
        assert paper is not None
        assert paper.measurement_error is not None
        expected += (weight * paper.measurement_error) ** 2
    assert evaluate_course(course).error == pytest.approx(expected**0.5)


def test_the_command_shows_writes_and_reports(course: Course, tmp_path: Path) -> None:
    """The table, the JSON file, a move, conduct with a minus sign, and the log."""
    examined(course)

    def coursekit(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, [*words, "--course", str(course.root)], env={"COLUMNS": "220"})
        assert result.exit_code == code, result.output
        return result.output

    shown = coursekit("evaluate", "--report", str(tmp_path / "a.json"))
    assert "81.9" in shown
    assert "在训→待考→合格" in shown
    assert "理论补到 80.0（差 1.0）" in shown
    report = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [(one["id"], one["total"], one["next"]) for one in report][:2] == [
        ("t1", 81.9, "合格"),
        ("t2", 87.9, "强化培训"),
    ]
    assert "强化培训（至" in coursekit("evaluate", "--write")
    assert "强化培训 → 调离" in coursekit("evaluate", "move", "t2", "调离", "--reason", "岗位调整")
    assert "岗位调整" in coursekit("evaluate", "log", "t2")
    assert "-0.5" in coursekit("conduct", "add", "t1", "-0.5", "迟到", "--evidence", "考勤表")
    assert "考勤表" in coursekit("conduct", "list", "t1")
    coursekit("conduct", "undo", "1", "误记")
    assert replace(found(course)["t1"]).conduct.points == 0
