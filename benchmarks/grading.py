"""Grading and feedback of module m04: coursekit beside stock nbgrader, on the same submissions, in one run.

Run: uv run python benchmarks/grading.py [--submissions 1000] [--many 10000] [--stock 10]

Stock nbgrader runs with its own configuration and real kernels on the first --stock submissions, coursekit on all of
them; the scores of those first ones are compared cell by cell. Times are wall clock of whole commands, start-up
included; a command's own start-up (an empty run) is shown beside it. Memory is the proportional set size of the command
with all its workers, sampled every 0.1 s.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from coursekit.course import Course
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from coursekit.nbgrader import Nbgrader
from coursekit.people import Person, answers, people
from coursekit.source import Item, load_items

REPO = Path(__file__).resolve().parents[1]
STOCK = 'c = get_config()\nc.CourseDirectory.root = {root!r}\nc.CourseDirectory.course_id = "counter"\n'

#: So many trainees answer differently; a larger class repeats their answers.
DISTINCT = 500


@dataclass(frozen=True)
class Timed:
    """A command's wall clock (s) and peak memory (MB, proportional set size)."""

    seconds: float
    megabytes: float


def timed(*command: str, cwd: Path, config: Path) -> Timed:
    """Run a command to its end."""
    env = os.environ | {"JUPYTER_CONFIG_PATH": str(config)}
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            try:
                tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                peak[0] = max(peak[0], sum(one.memory_full_info().pss for one in tree) / 1e6)
            except psutil.Error:
                continue

    thread = threading.Thread(target=watch)
    thread.start()
    errors = process.communicate()[1]
    done.set()
    thread.join()
    if process.returncode:
        raise SystemExit(errors.decode()[-2000:])
    return Timed(time.perf_counter() - start, peak[0])


def make_course(root: Path, submissions: int) -> Course:
    """Make a course with m04 released and answered by invented trainees."""
    for folder in ("source", "config"):
        shutil.copytree(REPO / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "m0[!4]", "[ed]0?"))
    course = Course.load(root)
    Nbgrader(course).generate_assignment("m04")
    released = course.folder("release", ".", "m04")
    items = load_items(course, "m04")
    class_ = people(submissions)
    journals = [_journal(person, items) for person in class_[:DISTINCT]]
    for number, person in enumerate(class_):
        folder = course.folder("submitted", person.id, "m04")
        shutil.copytree(released, folder, copy_function=os.link)
        (folder / "answers.jsonl").write_bytes(journals[number % len(journals)])
        (folder / "timestamp.txt").write_text("2026-11-22 01:00:00.000000 UTC")
    return course


def _journal(person: Person, items: list[Item]) -> bytes:
    """Return the journal of a person's answers."""
    lines = []
    for item, answer in answers(person, items):
        line = {"v": 1, "exercise": item.exercise, "variant": "", "seq": 1, "at": "2026-11-22T01:00:00.000Z"}
        lines.append(msgspec.json.encode(line | {"answer": answer}) + b"\n")
    return b"".join(lines)


def stock_course(course: Course, root: Path, submissions: int) -> Path:
    """Copy the course with its first submissions and nothing but nbgrader's own configuration."""
    for folder in ("source", "release"):
        shutil.copytree(course.root / folder, root / folder)
    shutil.copy(course.root / "gradebook.db", root)
    shutil.copytree(course.root / "config", root / "config")
    for person in people(submissions):
        shutil.copytree(course.folder("submitted", person.id, "m04"), root / "submitted" / person.id / "m04")
    (root / "config" / "nbgrader_config.py").write_text(STOCK.format(root=str(root)))
    return root


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    """Read the automatic scores."""
    with open_gradebook(course) as gradebook:
        return gradebook.scores("m04")


def rooms(course: Course, submissions: int) -> Counter[str]:
    """Profile grading in one process; returns seconds by what they were spent on."""
    profile = cProfile.Profile()
    profile.enable()
    grade_assignment(course, "m04", [person.id for person in people(min(submissions, 99))], force=True)
    profile.disable()
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        path = Path(file)
        room = f"{path.parent.name}/{path.name}" if path.parent.name in ("widgets", "coursekit") else path.parent.name
        spent["文件系统调用" if "posix" in name or "io." in name else "内置函数" if file == "~" else room] += own
    return spent


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--stock", type=int, default=10)
    options = parser.parse_args()
    console = Console(width=120)
    bin_ = Path(sys.executable).parent
    kit, nbgrader = str(bin_ / "coursekit"), str(bin_ / "nbgrader")
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "ours", options.submissions)
        config = course.root / "config"
        stock = stock_course(course, Path(folder) / "stock", options.stock)
        theirs = timed(nbgrader, "autograde", "m04", cwd=stock, config=stock / "config")
        ours = timed(kit, "grade", "m04", cwd=course.root, config=config)
        again = timed(kit, "grade", "m04", cwd=course.root, config=config)
        mine, other = scores(course), scores(Course.load(stock))
        same = all(mine[trainee] == cells for trainee, cells in other.items()) and len(other) == options.stock
        their_pages = timed(nbgrader, "generate_feedback", "m04", cwd=stock, config=stock / "config")
        our_pages = timed(kit, "feedback", "m04", cwd=course.root, config=config)
        spent = rooms(course, options.submissions)
        many = make_course(Path(folder) / "many", options.many)
        most = timed(kit, "grade", "m04", cwd=many.root, config=many.root / "config")

    table = Table(title=f"m04（13 道练习），{os.cpu_count()} 核")
    for heading in ("做法", "份数", "秒", "毫秒/份", "份/秒", "倍数", "内存 MB"):
        table.add_column(heading, justify="left" if heading == "做法" else "right")

    def row(label: str, count: int, run: Timed, base: float) -> None:
        each = run.seconds / count
        table.add_row(
            label,
            f"{count}",
            f"{run.seconds:.1f}",
            f"{1000 * each:.2f}",
            f"{1 / each:.0f}",
            f"{base / each:.0f}",
            f"{run.megabytes:.0f}",
        )

    base = theirs.seconds / options.stock
    row("nbgrader autograde（原配置）", options.stock, theirs, base)
    row("coursekit grade", options.submissions, ours, base)
    row("coursekit grade", options.many, most, base)
    row("coursekit grade（没有变化）", options.submissions, again, base)
    table.add_section()
    base = their_pages.seconds / options.stock
    row("nbgrader generate_feedback", options.stock, their_pages, base)
    row("coursekit feedback", options.submissions, our_pages, base)
    console.print(table)
    console.print(f"前 {options.stock} 份逐格比较：{'完全相同' if same else '不相同！'}")
    grow = (most.seconds / options.many) / (ours.seconds / options.submissions)
    console.print(f"{options.many} 份的单份成本是 {options.submissions} 份的 {grow:.2f} 倍")
    total = sum(spent.values())
    console.print("时间花在：" + "，".join(f"{room} {100 * own / total:.0f}%" for room, own in spent.most_common(9)))
    raise SystemExit(0 if same else 1)


if __name__ == "__main__":
    main()
