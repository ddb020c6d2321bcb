"""A class into the gradebook: every attempt is kept, one counts, and the rubric is a manual grade."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import make_course, write_assignment
from hypothesis import given
from hypothesis import strategies as st
from samples import sample
from typer.testing import CliRunner

from coursekit import author
from coursekit.course import Course, CourseError
from coursekit.gradebook import open_gradebook
from coursekit.live.attempt import Attempt, choose, class_entry, class_path, joined_journal
from coursekit.live.close import close_class
from coursekit.live.play import load_drill, load_key, spec_text
from coursekit.live.records import CRITERIA, Class, Rating
from coursekit.live.room import find_store
from coursekit.live.rules import Ballot, Command, own_place
from coursekit.live.store import Store
from coursekit.nbgrader import Nbgrader
from widgets import journal
from widgets.drill import ScenarioKey, best
from widgets.exercise import Scenario
from widgets.scenario import Scenario as Scenario_kind
from widgets.scenario import ScenarioSpec
from widgets.story import MAX_STEPS, Step, choices, route, stroll

DATA, KEY = sample("scenario")
SPEC = msgspec.json.decode(json.dumps(DATA), type=ScenarioSpec)
NOW = datetime(2026, 11, 22, 8, 0, 0)  # noqa: DTZ001  the store's own form


@pytest.fixture(name="generated", scope="module")
def _generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course with one released drill that has a task cell for the role-play."""
    course = make_course(tmp_path_factory.mktemp("class") / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    file = course.source / "x01" / "x01.ipynb"
    notebook = json.loads(file.read_text("utf-8"))
    notebook["cells"].append(author.task_cell("x01-play", 40, "角色扮演，由观察员评分。", "四项各 0–4 分。"))
    file.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    Nbgrader(course).generate_assignment("x01")
    return course.root


@pytest.fixture(name="course")
def _course(generated: Path, tmp_path: Path) -> Course:
    return Course.load(shutil.copytree(generated, tmp_path / "course"))


def started(course: Course, mode: Any = "trainer") -> tuple[Store, Class]:
    exercise, spec = load_drill(course, "x01")
    store = find_store(course)
    made = store.create(
        drill="x01", exercise=exercise, spec=spec_text(spec), mode=mode, size=3, address="http://10.0.0.2:8866"
    )
    return store, made[0]


def best_way(course: Course) -> list[tuple[str, str | None]]:
    return list(best(SPEC.story, load_key(course, "x01", "x01-s01")).way)


def play(store: Store, one: Class, way: list[tuple[str, str | None]], others: dict[str, dict[int, str]]) -> None:
    """Let a class walk *way*; t1 votes for it at every step, *others* as said and not at all elsewhere."""
    for n, (node, option) in enumerate(way, 1):
        do(store, one, "open")
        store.vote(one, SPEC.story, "t1", Ballot(n, node, option))
        for trainee, votes in others.items():
            if n in votes:
                store.vote(one, SPEC.story, trainee, Ballot(n, node, votes[n]))
        for verb in ("lock", "reveal"):
            do(store, one, verb)
        do(store, one, "follow", option)


def do(store: Store, one: Class, verb: Any, option: str | None = None) -> None:
    last = store.snapshot(one).session.questions[-1]
    store.act(one, SPEC.story, Command(verb, last.n, last.round, last.state, option))


def path_of(course: Course, trainee: str) -> list[str]:
    entry = journal.read(course.folder("submitted", trainee, "x01") / journal.NAME).entries["x01-s01"]
    return [step["option"] for step in journal.json(entry.answer)["path"]]


def test_a_class_becomes_graded_submissions(course: Course) -> None:
    """Who voted with the best way gets all points; the manual grade is the rubric's share; doing it again is harmless."""
    store, one = started(course)
    way = best_way(course)
    late = {n: str(option) for n, (_, option) in enumerate(way, 1) if n > 1}
    play(store, one, way, {"t2": {1: "a"}, "t3": late, "t4": late | {1: "a"}})
    store.rate(one, Rating("一组", dict(zip(CRITERIA, (4, 3, 3, 4), strict=True)), ("t1",), "观察员"))
    done = close_class(course, store, one)
    assert done.problems == []
    assert done.chosen["t1"].points == 100
    assert done.chosen["t2"].points < done.chosen["t3"].points < 100  # one step missed costs that step
    assert done.chosen["t3"].points <= done.chosen["t4"].points < 100  # a minority's choice costs that step at most
    assert path_of(course, "t1") == [option for _, option in way]
    with open_gradebook(course) as gradebook:
        marks = gradebook.marks("x01")
    assert marks["t1"]["x01-s01"]["auto_score"] == 100
    assert marks["t1"]["x01-play"]["manual_score"] == 35
    assert not marks["t1"]["x01-play"]["needs_manual_grade"]
    again = close_class(course, store, one)
    assert {who: attempt.points for who, attempt in again.chosen.items()} == {
        who: attempt.points for who, attempt in done.chosen.items()
    }
    assert "已写入成绩库" in "\n".join(again.lines())


@pytest.mark.parametrize(("policy", "counts"), [("best", 100), ("home", 100), ("class", None), ("last", None)])
def test_attempts_at_home_and_in_class_are_both_kept(course: Course, policy: str, counts: float | None) -> None:
    """The policy of course.toml chooses; the other attempt stays in the archive and in the submission's journal."""
    settings = course.root / "config" / "course.toml"
    settings.write_text(settings.read_text("utf-8").replace('attempt = "best"', f'attempt = "{policy}"'), "utf-8")
    course = Course.load(course.root)
    home = course.home("t1") / "x01"
    home.mkdir(parents=True)
    way = [{"node": node, "option": option} for node, option in best_way(course)]
    write_assignment(home.parent / "made" / "x01", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    (home.parent / "made" / "x01" / "data").rename(home / "data")
    Scenario("x01-s01", home, "t1").save({"path": way})
    store, one = started(course, "free")
    store.vote(one, SPEC.story, "t1", Ballot(1, "n01", "a"))
    done = close_class(course, store, one)
    chosen = done.chosen["t1"]
    assert chosen.points == counts if counts else chosen.points < 50
    assert done.others["t1"] == 1
    submitted = journal.read_bytes(course.folder("submitted", "t1", "x01") / journal.NAME)
    assert submitted.count(b"\n") >= 2
    box = course.root / "class" / one.code / "t1"
    assert (
        journal.read(box / "home.jsonl").entries["x01-s01"].answer
        == journal.read(home / journal.NAME).entries["x01-s01"].answer
    )
    assert len(journal.json(journal.read(box / "class.jsonl").entries["x01-s01"].answer)["path"]) == 1
    with open_gradebook(course) as gradebook:
        assert gradebook.scores("x01")["t1"]["x01-s01"] == chosen.points


def test_a_drill_that_was_not_released_ends_its_class_and_says_what_to_do(tmp_path: Path) -> None:
    """Nothing is lost: after the release the same command brings the class in."""
    course = make_course(tmp_path / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    store, one = started(course, "free")
    store.vote(one, SPEC.story, "t1", Ballot(1, "n01", "a"))
    with pytest.raises(CourseError, match="coursekit release x01"):
        close_class(course, store, one)
    assert store.snapshot(one).session.closed
    Nbgrader(course).generate_assignment("x01")
    assert list(close_class(course, store, one).chosen) == ["t1"]


def test_a_faulty_drill_starts_no_class(tmp_path: Path) -> None:
    """An unknown target is named in Chinese before anybody is in the room; so is a module without a scenario."""
    course = make_course(tmp_path / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    file = course.source / "x01" / "data" / "x01-s01.json"
    data = json.loads(file.read_text("utf-8"))
    data["nodes"]["n01"]["options"][0]["to"] = "nowhere"
    file.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    with pytest.raises(CourseError, match="nowhere"):
        load_drill(course, "x01")
    write_assignment(course.source / "x02")
    with pytest.raises(CourseError, match="没有情景演练"):
        load_drill(course, "x02")
    with pytest.raises(CourseError, match="没有名为"):
        load_drill(course, "d99")


def test_the_command_line_lists_and_closes(course: Course) -> None:
    """With one open class its code need not be typed; a wrong one is refused."""
    import coursekit.cli  # noqa: F401  registers the commands
    from coursekit.console import app

    store, one = started(course, "free")
    store.vote(one, SPEC.story, "t1", Ballot(1, "n01", "a"))
    run = CliRunner().invoke
    assert one.code in run(app, ["class", "list", "--course", str(course.root)]).output
    wrong = run(app, ["class", "close", "000000", "--course", str(course.root)])
    assert isinstance(wrong.exception, CourseError)
    assert "口令不对" in str(wrong.exception)
    done = run(app, ["class", "close", "--course", str(course.root)])
    assert done.exit_code == 0, done.output
    assert "1 人的作答已提交并评分" in done.output
    assert isinstance(run(app, ["class", "close", "--course", str(course.root)]).exception, CourseError)


@given(st.integers(0, 2**32), st.lists(st.booleans(), min_size=MAX_STEPS, max_size=MAX_STEPS))
def test_a_class_path_always_fits_the_story(seed: int, voted: list[bool]) -> None:
    """Whatever the class did and the trainee voted or missed, the journal's path can be walked and graded."""
    from coursekit.live.records import Vote
    from coursekit.live.rules import Question, Session
    from coursekit.live.situation import places

    dice = random.Random(seed)
    way = stroll(SPEC.story, lambda _, open_: dice.choice(open_))
    questions = tuple(Question(n, node, "passed", 1, option) for n, (node, option) in enumerate(way, 1))
    walked = places(SPEC, questions)
    votes = [
        Vote("t1", Ballot(q.n, q.node, dice.choice(choices(SPEC.story, place)).id), NOW)
        for q, place, there in zip(questions, walked, voted, strict=False)
        if there
    ]
    path = class_path(Session("trainer", questions), votes)
    route(SPEC.story, path)
    assert [(step.node, step.option) for step in path] == [
        (q.node, next((v.ballot.option for v in votes if v.ballot.n == q.n), None)) for q in questions
    ]
    data = {"path": msgspec.to_builtins(path)}
    answer = Scenario_kind().parse_answer(SPEC, msgspec.json.encode(data))
    assert 0 <= Scenario_kind().grade(SPEC, answer, msgspec.convert(KEY, ScenarioKey)).fraction <= 1


def test_a_free_run_is_submitted_as_it_was_walked() -> None:
    """Every decision of a free run is in the path, with its time."""
    from coursekit.live.records import Vote
    from coursekit.live.rules import Session

    cast = [Ballot(1, "n01", "c", ms=1200), Ballot(2, "n02", "a", ms=800)]
    path = class_path(Session("free", ()), [Vote("t1", ballot, NOW) for ballot in cast])
    assert path == [Step("n01", "c", 1200), Step("n02", "a", 800)]
    assert own_place(SPEC.story, cast).at == "n03"


ATTEMPTS = st.lists(
    st.tuples(st.sampled_from(["class", "home"]), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5
)


@given(ATTEMPTS, st.sampled_from(["best", "class", "home", "last"]))
def test_the_policy_chooses_one_attempt(given_: list[tuple[Any, int, int]], policy: Any) -> None:
    """Best by points, last by time, class and home by place, and never nothing."""
    attempts = [
        Attempt(where=where, points=float(points), entry=class_entry("x", [], NOW + timedelta(hours=late)))
        for where, points, late in given_
    ]
    chosen = choose(policy, attempts)
    assert chosen in attempts
    if policy == "best":
        assert chosen.points == max(one.points for one in attempts)
    elif policy == "last":
        assert chosen.at == max(one.at for one in attempts)
    elif any(one.where == policy for one in attempts):
        assert chosen.where == policy
    merged = journal.parse(joined_journal(b'{"torn', attempts, chosen))
    assert merged.entries["x"].answer == chosen.entry.answer
    assert chosen.at.tzinfo is UTC
