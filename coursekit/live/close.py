"""A class into the gradebook: votes become submissions of the same assignment, graded as every other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coursekit import handin, inbound, plain
from coursekit.course import Course, CourseError
from coursekit.grade import grade_assignment
from coursekit.live.attempt import Attempt, choose, class_entry, class_path, joined_journal
from coursekit.live.play import load_graded
from coursekit.live.records import Class, Rating, Snapshot
from coursekit.live.store import Store
from coursekit.source import Item
from coursekit.work import LIMITS
from widgets import journal
from widgets.assess import assess

#: What the archive keeps of a trainee below class/<code>/<trainee>/.
CLASS, HOME, SUBMITTED = "class.jsonl", "home.jsonl", "submitted.jsonl"


@dataclass(slots=True)
class Closed:
    """What closing a class came to, for people to read."""

    one: Class
    chosen: dict[str, Attempt] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    rated: dict[str, Rating] = field(default_factory=dict)
    by_hand: bool = False
    problems: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Tell trainee by trainee which attempt counts, then the role-play, then what went wrong."""
        yield f"{self.one.drill}　口令 {self.one.code}　已结束，{len(self.chosen)} 人的作答已提交并评分"
        for trainee, attempt in sorted(self.chosen.items()):
            where = "课堂" if attempt.where == "class" else "家中"
            more = f"（另有 {self.others[trainee]} 次存档）" if self.others[trainee] else ""
            yield f"　{trainee}　计{where}这次 {attempt.points:g} 分{more}"
        for who, rating in sorted(self.rated.items()):
            where = "已写入成绩库" if self.by_hand and who in self.chosen else "记在课堂库里，不计入成绩"
            scores = " ".join(f"{name} {score}" for name, score in rating.scores.items())
            yield f"　角色扮演　{who}　{scores}　共 {sum(rating.scores.values())}/16　{where}"
        yield from (f"注意　{problem}" for problem in self.problems)


def close_class(course: Course, store: Store, one: Class) -> Closed:
    """End a class and bring it into the gradebook; doing it again changes nothing that is the same.

    Raises CourseError when the drill was not released: the class is ended then, and can be brought in later.
    """
    store.close(one)
    snapshot, done = store.snapshot(one), Closed(one)
    released = course.folder("release", ".", one.drill)
    if not (released / f"{one.drill}.ipynb").is_file():
        raise CourseError(
            f"班级 {one.code} 已结束，作答都在；但 {one.drill} 还没有发布，不能评分。"
            f"请先运行 coursekit release {one.drill}，再运行 coursekit class close {one.code}。"
        )
    item = load_graded(course, one.drill, one.exercise)
    for trainee in sorted({vote.trainee for vote in snapshot.votes}):
        try:
            _archive(course, one, snapshot, trainee)
            attempts = list(_attempts(course, store, one, item, trainee))
            chosen = choose(course.settings.drills.attempt, attempts)
            _submit(course, one, trainee, attempts, chosen)
            done.chosen[trainee], done.others[trainee] = chosen, len(attempts) - 1
        except (CourseError, OSError) as error:
            done.problems.append(f"{trainee} 的作答没有提交：{error}")
    if done.chosen:
        grade_assignment(course, one.drill, list(done.chosen), why=f"课堂 {one.code}")
    for rating in store.ratings(one):
        done.rated |= dict.fromkeys(rating.players or (rating.subject,), rating)
    if done.rated:
        done.by_hand = _write_ratings(course, one, {who: r for who, r in done.rated.items() if who in done.chosen})
    return done


def _box(course: Course, code: str, trainee: str) -> Path:
    return course.root / "class" / code / inbound.require_trainee(trainee)


def _archive(course: Course, one: Class, snapshot: Snapshot, trainee: str) -> None:
    """Keep the attempt in class and, as they are now, all answers given at home."""
    votes = [vote for vote in snapshot.votes if vote.trainee == trainee]
    path = class_path(snapshot.session, votes)
    entry = class_entry(one.exercise, path, max(vote.at for vote in votes))
    box = _box(course, one.code, trainee)
    home = _home_journal(course, one, trainee)
    box.mkdir(parents=True, exist_ok=True)
    attempt = Attempt(where="class", entry=entry, points=0.0)
    plain.write(box / CLASS, joined_journal(b"", [attempt], attempt))
    if home:
        plain.write(box / HOME, home)


def _home_journal(course: Course, one: Class, trainee: str) -> bytes:
    """Return what the trainee answered at home: in the own folder, or as collected, unless a class made that."""
    at_home = journal.read_bytes(course.home(trainee) / one.drill / journal.NAME)
    if at_home:
        return at_home
    collected = journal.read_bytes(course.folder("submitted", trainee, one.drill) / journal.NAME)
    boxes = list((course.root / "class").glob(f"*/{trainee}"))
    made = next((box for box in boxes if collected and journal.read_bytes(box / SUBMITTED) == collected), None)
    return journal.read_bytes(made / HOME) if made else collected


def _attempts(course: Course, store: Store, one: Class, item: Item, trainee: str) -> Iterator[Attempt]:
    """Yield the attempts at home and in all classes that played the same drill."""
    home = journal.parse(journal.read_bytes(_box(course, one.code, trainee) / HOME)).entries.get(one.exercise)
    if home is not None:
        yield Attempt(where="home", entry=home, points=assess(item.key, home, trainee).points)
    for other in store.classes():
        if other.drill == one.drill:
            kept = journal.parse(journal.read_bytes(_box(course, other.code, trainee) / CLASS))
            if entry := kept.entries.get(one.exercise):
                yield Attempt(where="class", entry=entry, points=assess(item.key, entry, trainee).points)


def _submit(course: Course, one: Class, trainee: str, attempts: Sequence[Attempt], chosen: Attempt) -> None:
    """Put a submission where collecting puts it; one that says the same already is left as it is."""
    box, dest = _box(course, one.code, trainee), course.folder("submitted", trainee, one.drill)
    data = joined_journal(journal.read_bytes(box / HOME), attempts, chosen)
    if dest.is_dir() and journal.read_bytes(dest / journal.NAME) == data:
        return
    with TemporaryDirectory(prefix="coursekit-") as scratch:
        stage = Path(scratch) / one.drill
        shutil.copytree(course.folder("release", ".", one.drill), stage)
        plain.write(stage / journal.NAME, data)
        handin.take_over(stage, dest, inbound.stamp_of(chosen.at), LIMITS)
    plain.write(box / SUBMITTED, data)


def _write_ratings(course: Course, one: Class, ratings: dict[str, Rating]) -> bool:
    """Put the observers' scores into the drill's task cell as manual grades; returns whether it has one."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(course.db_url, course.settings.id) as gradebook:
        cells = [
            (notebook.name, cell)
            for notebook in gradebook.find_assignment(one.drill).notebooks
            for cell in notebook.task_cells
        ]
        for trainee, rating in ratings.items():
            for notebook, cell in cells:
                try:
                    grade: Any = gradebook.find_grade(cell.name, notebook, one.drill, trainee)
                except MissingEntry:
                    continue
                grade.manual_score = round(rating.share * cell.max_score, 2)
                grade.needs_manual_grade = False
        gradebook.db.commit()
    return bool(cells)
