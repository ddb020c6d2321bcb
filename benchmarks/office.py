"""Evaluation, ledger and report of a whole course beside stock ``nbgrader export``, on one database, in one run.

Run: uv run python benchmarks/office.py [--trainees 10000] [--stock 5]

Every assignment of the course is released by nbgrader. The first --distinct trainees answer everything and are graded by
the kit; the others get one of their results each, so that every grade, digest and report stands in the gradebook
(journals are kept for the distinct ones, of which ``coursekit report`` samples). Text questions get 80 % by hand.
``nbgrader export`` (its own CSV exporter) writes one line a trainee and assignment; it is run for --stock trainees,
0 for all, and compared by the trainee. Times are wall clock of whole commands, start-up included; memory is the
proportional set size of a command with its workers, sampled every 0.1 s.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from grading import Timed, timed
from rich.console import Console
from rich.table import Table

from coursekit.course import Course
from coursekit.grade import Done, grade_chunk
from coursekit.gradebook import Result, open_gradebook
from coursekit.nbgrader import Nbgrader
from coursekit.people import Person, answers, people
from coursekit.records import open_records
from coursekit.release import load_release
from coursekit.roster import plan
from coursekit.roster_store import everybody, write
from coursekit.roster_table import Row
from coursekit.source import load_items
from coursekit.submission import read_submission

REPO = Path(__file__).resolve().parents[1]
#: What the issue allows on 2 cores.
SECONDS, MEGABYTES = 60.0, 1000.0
#: Trainees of one class, and results written in one transaction.
CLASS, BATCH = 200, 500
BY_HAND = """
UPDATE grade SET needs_manual_grade = 0,
    manual_score = (SELECT 0.8 * max_score FROM task_cells WHERE task_cells.id = grade.cell_id)
WHERE cell_id IN (SELECT id FROM task_cells)
"""


def make_course(root: Path, class_: list[Person], distinct: int) -> Course:
    """Release every assignment, and fill roster and gradebook."""
    for folder in ("source", "config"):
        shutil.copytree(REPO / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "s0?"))
    course = Course.load(root)
    nbgrader = Nbgrader(course)
    for assignment in course.assignments():
        nbgrader.generate_assignment(assignment)
    rows = [
        Row("", n, {"id": one.id, "name": one.name, "unit": f"单位{n % 30}", "class_name": f"{n // CLASS + 1} 班"}, {})
        for n, one in enumerate(class_)
    ]
    with open_records(course) as connection:
        write(connection, plan(rows, [], everybody(connection)).changes)
    for assignment in course.assignments():
        fill(course, assignment, class_, distinct)
    with sqlite3.connect(root / "gradebook.db") as database:
        database.execute(BY_HAND)
    return course


def fill(course: Course, assignment: str, class_: list[Person], distinct: int) -> None:
    """Grade the first *distinct* trainees of one assignment and give the others their results in turn."""
    items = load_items(course, assignment)
    for person in class_[:distinct]:
        folder = course.folder("submitted", person.id, assignment)
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text("2026-11-20 01:00:00.000000 UTC")
        with (folder / "answers.jsonl").open("wb") as file:
            for item, answer in answers(person, items):
                line = {"v": 1, "exercise": item.exercise, "variant": item.of(person.id).name, "seq": 1}
                file.write(msgspec.json.encode(line | {"at": "2026-11-20T01:00:00.000Z", "answer": answer}) + b"\n")
    with open_gradebook(course) as gradebook:
        stored = gradebook.assignment(assignment)
    release = load_release(course, stored)
    handed_in = [
        read_submission(release, course.folder("submitted", one.id, assignment), one.id, course.zone)
        for one in class_[:distinct]
    ]
    done = grade_chunk(pickle.dumps(release), handed_in)
    for start in range(0, len(class_), BATCH):
        batch = class_[start : start + BATCH]
        results = [_result(one, done[(start + place) % len(done)]) for place, one in enumerate(batch)]
        with open_gradebook(course) as gradebook:
            gradebook.record(stored, results, "评分", lambda *_: None)


def _result(person: Person, done: Done) -> Result:
    report = msgspec.structs.replace(done.report, trainee=person.id)
    said = msgspec.json.encode(report).decode()
    return Result(person.id, done.submission.timestamp, done.scores, done.digest, said)


def rows_of(course: Course) -> int:
    """Count the grades in the gradebook."""
    with sqlite3.connect(course.root / "gradebook.db") as database:
        return int(database.execute("SELECT count(*) FROM grade").fetchone()[0])


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainees", type=int, default=10_000)
    parser.add_argument("--distinct", type=int, default=200)
    parser.add_argument("--stock", type=int, default=5)
    options = parser.parse_args()
    console = Console(width=120)
    kit, nbgrader = (str(Path(sys.executable).parent / name) for name in ("coursekit", "nbgrader"))
    class_ = people(options.trainees)
    chosen = class_[: options.stock] if options.stock else class_
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        course = make_course(Path(folder), class_, min(options.distinct, options.trainees))
        papers, grades = len(course.assignments()), rows_of(course)
        size = (course.root / "gradebook.db").stat().st_size / 1e6
        filled = time.perf_counter() - start
        console.print(
            f"{options.trainees} 人 × {papers} 个作业，{grades} 个得分，{size:.0f} MB；准备用了 {filled:.0f} 秒"
        )
        config, runs = course.root / "config", dict[str, Timed]()
        for name, command in {
            "coursekit evaluate": ["evaluate"],
            "coursekit evaluate --write": ["evaluate", "--write"],
            "coursekit ledger": ["ledger", "--out", "ledger.xlsx"],
            "coursekit report": ["report", "--out", "report.html"],
        }.items():
            runs[name] = timed(kit, *command, cwd=course.root, config=config)
            console.print(f"{name}：{runs[name].seconds:.1f} 秒，{runs[name].megabytes:.0f} MB")
        only = ["--student", json.dumps([one.id for one in chosen])] if options.stock else []
        theirs = timed(nbgrader, "export", "--to", "grades.csv", *only, cwd=course.root, config=config)
        lines = (course.root / "grades.csv").read_text("utf-8").count("\n") - 1
        outputs = {name: (course.root / name).stat().st_size / 1e6 for name in ("ledger.xlsx", "report.html")}
    if lines != len(chosen) * papers:
        raise SystemExit(f"nbgrader export 写了 {lines} 行，应为 {len(chosen) * papers} 行")

    table = Table(title=f"同一个成绩库，{os.cpu_count()} 核")
    for heading in ("做法", "人数", "秒", "毫秒/人", "内存 MB"):
        table.add_column(heading, justify="left" if heading == "做法" else "right")

    def row(label: str, count: int, run: Timed) -> None:
        each = 1000 * run.seconds / count
        table.add_row(label, f"{count}", f"{run.seconds:.1f}", f"{each:.2f}", f"{run.megabytes:.0f}")

    row("nbgrader export（CSV）", len(chosen), theirs)
    for name, run in runs.items():
        row(name, options.trainees, run)
    parts = [run for name, run in runs.items() if name != "coursekit evaluate --write"]
    whole = Timed(sum(run.seconds for run in parts), max(run.megabytes for run in parts))
    table.add_section()
    row("评定 + 台账 + 报表", options.trainees, whole)
    console.print(table)
    console.print("，".join(f"{name} {megabytes:.1f} MB" for name, megabytes in outputs.items()))
    kept = whole.seconds <= SECONDS and whole.megabytes <= MEGABYTES
    console.print(f"目标 {SECONDS:.0f} 秒、{MEGABYTES:.0f} MB：{'达到' if kept else '没有达到'}")
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
