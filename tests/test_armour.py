"""Whatever attack on the grader: nothing gained, nobody else touched, the batch ends normally."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from attacks import EXTRA, IDS, JOURNAL, NO_JOURNAL, NOTEBOOK, TRICKS, UNFIT, attackers, trainee_with, without
from building import copied
from grading import FULL, MAXIMA, answers, hand_in, scores, tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit import submission
from coursekit.course import Course, CourseError
from coursekit.feedback import write_feedback
from coursekit.grade import Report, grade_assignment, submitted_trainees
from coursekit.regrade import preview_regrade
from widgets import journal
from widgets.assess import Outcome


@pytest.fixture(scope="module")
def honest(released: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make one course in which an honest trainee has full marks."""
    course = copied(released, tmp_path_factory.mktemp("honest") / "c")
    hand_in(course, "honest")
    grade_assignment(course, "x01")
    return course


@pytest.fixture
def course(honest: Course, tmp_path: Path) -> Course:
    """Return a course that a test may change."""
    return copied(honest, tmp_path / "c")


@dataclass(frozen=True, slots=True)
class Besieged:
    """One class of attackers and one honest trainee, graded in one batch; what lay where before and after."""

    course: Course
    graded: dict[str, Report]
    scores: dict[str, dict[str, float | None]]
    before: dict[str, dict[str, str]]

    def points(self, trainee: str) -> float:
        """Return the points that the gradebook has, which are the report's."""
        found = sum(score or 0.0 for score in self.scores[trainee].values())
        assert self.graded[trainee].points == found
        return found

    def autograded(self, trainee: str) -> Path:
        """Return a trainee's autograded folder."""
        return self.course.folder("autograded", trainee, "x01")


def surroundings(course: Course) -> dict[str, dict[str, str]]:
    """Hash what no attacker may change."""
    folders = [course.root / name for name in ("source", "release", "config", "autograded/honest", "submitted/honest")]
    return {folder.name: tree(folder) for folder in folders}


@pytest.fixture(scope="module")
def besieged(honest: Course, tmp_path_factory: pytest.TempPathFactory) -> Besieged:
    """Hand in every attack, each as a trainee of its own, and grade them together with the honest one."""
    course = copied(honest, tmp_path_factory.mktemp("besieged") / "c")
    before = surroundings(course)
    for trainee, (how, do) in attackers(course).items():
        do(hand_in(course, trainee, how))
    for name in UNFIT:
        shutil.copytree(
            course.folder("submitted", "honest", "x01"), course.folder("submitted", os.fsdecode(name), "x01")
        )
    graded = grade_assignment(course, "x01", force=True)
    return Besieged(course, {one.trainee: one for one in graded}, scores(course), before)


def test_nobody_else_is_touched(besieged: Besieged) -> None:
    """The honest trainee keeps every point and every file; nothing of the course changed, and nobody was lost."""
    course = besieged.course
    assert besieged.points("honest") == FULL
    assert surroundings(course) == besieged.before
    names = {"honest", *attackers(course)}
    assert set(besieged.scores) == set(submitted_trainees(course, "x01")) == names
    assert {path.name for path in (course.root / "autograded").iterdir()} == names
    known = {"x01.ipynb", journal.NAME, "timestamp.txt", "submission_secret.txt"}
    assert all(tree(besieged.autograded(name)).keys() <= known for name in names)
    assert all(sum(besieged.graded[name].outcomes.values()) == len(MAXIMA) for name in names)
    assert not any(besieged.graded[name].outcomes[Outcome.GRADER_ERROR.value] for name in names)
    assert not (course.root.parent / "ran").exists()


def test_every_attack_reads_the_same_again(besieged: Besieged) -> None:
    """Unchanged attacks are skipped, a preview of the same keys shows no change, and all have a page of feedback."""
    course = besieged.course
    assert all(one.skipped for one in grade_assignment(course, "x01") if one.maximum)
    assert preview_regrade(course, "x01") == []
    assert len(write_feedback(course, "x01")) == len(besieged.scores)


@pytest.mark.parametrize(("how", "points"), [("right", FULL), ("", 0.0)], ids=["answered", "blank"])
@pytest.mark.parametrize("attack", NOTEBOOK)
def test_a_notebook_decides_nothing(besieged: Besieged, attack: str, how: str, points: float) -> None:
    """Whatever became of the notebook, who answered keeps every point, who did not gains none, and it is reported."""
    trainee, said = f"notebook {attack} {how}", NOTEBOOK[attack][1]
    oddities = besieged.graded[trainee].oddities
    assert besieged.points(trainee) == points
    assert said in "；".join(oddities)
    assert bool(oddities) == bool(said)
    assert len(oddities) <= submission.MAX_ODDITIES + 1


@pytest.mark.parametrize("name", TRICKS)
def test_a_submitted_cell_is_never_run(besieged: Besieged, name: str) -> None:
    """In the place of a locked cell or as a new one, in the notebook or as a module beside it: no mark, no points."""
    assert besieged.points(f"trick {name}") == 0
    assert "被改动" in "；".join(besieged.graded[f"trick {name}"].oddities)
    assert not (besieged.course.root.parent / "ran").exists()


@pytest.mark.parametrize("attack", JOURNAL)
def test_a_journal_is_read_with_suspicion(besieged: Besieged, attack: str) -> None:
    """What is not an answer brings nothing, costs its own exercise only, and is said."""
    _, points, invalid, said = JOURNAL[attack]
    one = besieged.graded[f"journal {attack}"]
    assert besieged.points(one.trainee) == points
    assert one.outcomes[Outcome.INVALID.value] == invalid
    assert said in "；".join(one.oddities)
    assert bool(one.oddities) == bool(said)
    assert all(odd.isprintable() for odd in one.oddities)
    assert len(one.oddities) <= submission.MAX_ODDITIES + 1


@pytest.mark.parametrize("attack", NO_JOURNAL)
def test_what_is_no_plain_journal_is_refused(besieged: Besieged, attack: str) -> None:
    """Links are not followed, pipes not waited for, giants not read; nothing of them reaches autograded/."""
    one = besieged.graded[f"no journal {attack}"]
    assert besieged.points(one.trainee) == 0
    assert one.outcomes[Outcome.INVALID.value] == len(MAXIMA)
    assert "作答记录" in "；".join(one.oddities)
    assert not (besieged.autograded(one.trainee) / journal.NAME).exists()


def test_a_copied_journal_brings_what_it_says_but_no_other_s_variant(besieged: Besieged) -> None:
    """A copied answer is an answer, which the grader cannot tell; where variants differ it is invalid."""
    copier = trainee_with(besieged.course, "b")
    assert besieged.points(copier) == without("x01-p1")
    assert besieged.graded[copier].outcomes[Outcome.INVALID.value] == 1


@pytest.mark.parametrize("attack", EXTRA)
def test_other_files_of_a_submission_are_not_looked_at(besieged: Besieged, attack: str) -> None:
    """Neither points nor autograded/ depend on what else was handed in."""
    assert besieged.points(f"extra {attack}") == FULL
    kept = list(besieged.autograded(f"extra {attack}").iterdir())
    assert sum(path.stat().st_size for path in kept) < 1_000_000
    assert b"root:" not in b"".join(path.read_bytes() for path in kept)


@pytest.mark.parametrize("trainee", IDS)
def test_a_strange_trainee_id_is_one_trainee(besieged: Besieged, trainee: str) -> None:
    """Quotes, line ends, commas, marks of direction: a row and a folder of its own, and nobody else's."""
    assert besieged.points(trainee) == FULL
    assert len(besieged.scores[trainee]) == len(MAXIMA) + 1
    assert besieged.graded[trainee].oddities == ()


@pytest.mark.parametrize("name", UNFIT, ids=repr)
def test_a_folder_that_can_be_no_trainee_s_is_left_out_and_said(besieged: Besieged, name: bytes) -> None:
    """It is reported, brings no row, and stops nobody."""
    trainee = os.fsdecode(name)
    readable = trainee.encode("utf-8", "backslashreplace").decode()
    found = [one for one in besieged.graded.values() if "文件夹名不能作工号" in "".join(one.oddities)]
    assert len(found) == len(UNFIT)
    assert trainee not in besieged.scores
    assert readable in {one.trainee for one in found}
    assert msgspec.json.encode(found)
    with pytest.raises(CourseError):
        grade_assignment(besieged.course, "x01", [trainee])


def test_a_linked_submission_is_nobody_s(course: Course) -> None:
    """A trainee's folder, or the assignment in it, that is a link to another's brings nothing."""
    submitted = course.root / "submitted"
    (submitted / "eve").symlink_to(submitted / "honest")
    (submitted / "mallory").mkdir()
    (submitted / "mallory" / "x01").symlink_to(submitted / "honest" / "x01")
    (submitted / "trudy").write_text("a file")
    assert [one.trainee for one in grade_assignment(course, "x01")] == ["honest"]


NAMES = ["x01.ipynb", journal.NAME, "timestamp.txt", "data/x01-c1.json", "data/x01-p1/a.json", "x.py", "答案.docx"]
DAMAGE = st.one_of(
    st.tuples(st.sampled_from(["flip", "cut", "insert", "repeat"]), st.sampled_from(NAMES[:2]), st.floats(0, 1), st.binary(min_size=1, max_size=9)),
    st.tuples(st.just("remove"), st.sampled_from(NAMES[:5]), st.just(0.0), st.just(b"")),
    st.tuples(st.just("add"), st.sampled_from(NAMES), st.just(0.0), st.binary(max_size=60)),
)  # fmt: skip


def damaged(file: Path, action: str, where: float, extra: bytes) -> None:
    """Do one piece of damage to a file that may be gone already."""
    if action == "add":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(extra)
    elif action == "remove":
        file.unlink(missing_ok=True)
    elif file.exists():
        data = file.read_bytes()
        place = int(where * len(data))
        middle = {
            "flip": bytes(old ^ new for old, new in zip(data[place:], extra, strict=False)),
            "cut": b"",
            "insert": extra + data[place : place + len(extra)],
            "repeat": data[place : place + 99] * 2,
        }[action]
        skip = 99 if action == "repeat" else len(extra)
        file.write_bytes(data[:place] + middle + data[place + skip :])


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DAMAGE, min_size=1, max_size=5))
def test_random_damage_never_pays(course: Course, deeds: list[tuple[str, str, float, bytes]]) -> None:
    """Damage never stops the batch, never reaches another trainee, and never brings more than the sound submission."""
    folder = course.folder("submitted", "victim", "x01")
    shutil.rmtree(folder, ignore_errors=True)
    lines = answers(course, "victim")
    hand_in(course, "victim", "")
    (folder / journal.NAME).write_bytes(lines["x01-c1"] + lines["x01-o1"])
    for action, name, where, extra in deeds:
        damaged(folder / name, action, where, extra)
    graded = {one.trainee: one for one in grade_assignment(course, "x01")}
    assert graded["honest"].skipped
    found = scores(course)
    assert sum(score or 0 for score in found["honest"].values()) == FULL
    assert all(
        (score or 0) <= (MAXIMA[cell] if cell in ("x01-c1", "x01-o1") else 0) for cell, score in found["victim"].items()
    )
    assert sum(graded["victim"].outcomes.values()) == len(MAXIMA)
