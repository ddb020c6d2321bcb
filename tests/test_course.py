"""The course as a whole: every row of the curriculum assessed, enough of every kind, nobody else's sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import REPO

from coursekit.check import exercise_names
from coursekit.course import Course
from coursekit.coverage import TABLE, assessed, holes, rows, table
from coursekit.notebooks import marks, read_notebook, text
from widgets.pool import Pool, load_pool

COURSE = Course.load(REPO)
MODULES = [f"m{n:02d}" for n in range(1, 13)]
SEEDS = REPO.parent / "shared" / "seeds"
RUN = 20


def pools(assignment: str) -> dict[str, Pool]:
    """Load all exercises of an assignment."""
    folder = COURSE.source / assignment
    return {name: load_pool(folder, name) for name in sorted(exercise_names(folder))}


def test_every_row_that_must_be_is_assessed_and_the_table_is_current() -> None:
    """A ★ row without an exercise, or a table that says otherwise than the exercises, fails."""
    inventory, found = rows(COURSE), assessed(COURSE)
    assert [f"{row.number} {row.title}" for row in holes(inventory, found)] == []
    assert not found.keys() - {row.number for row in inventory} - {f"E{n}" for n in range(1, 37)}
    assert (REPO / TABLE).read_text("utf-8") == table(inventory, found), "run coursekit coverage"


def test_there_is_enough_of_every_kind() -> None:
    """What a course of two weeks needs: 160 exercises in the modules, ten at least in each, and of every kind."""
    kinds: Counter[str] = Counter()
    for module in MODULES:
        found = pools(module)
        assert len(found) >= 10, module
        kinds.update(pool.kind.name for pool in found.values())
    assert kinds.total() >= 160
    kinds["review"] = kinds["checklist"] + kinds["spotting"]
    least = {
        "review": 25,
        "ordering": 20,
        "classification": 25,
        "matching": 20,
        "calculation": 20,
        "form": 10,
        "text": 12,
    }
    assert {kind: kinds[kind] for kind in least if kinds[kind] < least[kind]} == {}


def test_the_theory_paper_has_one_plan_and_many_items() -> None:
    """A slot's variants agree in module and difficulty, so every trainee's paper is of the same plan."""
    found = pools("e01")
    assert sum(len(pool.specs) for pool in found.values()) >= 250
    plan: Counter[tuple[str | None, str | None]] = Counter()
    for name, pool in found.items():
        assert {spec.policy for spec in pool.specs.values()} == {"examination"}, name
        ((module, level),) = {(spec.module, spec.level) for spec in pool.specs.values()}
        plan[module, level] += 1
        texts = [re.sub(r"\W", "", spec.prompt) for spec in pool.specs.values()]
        assert len(set(texts)) == len(texts), name
    assert {module for module, _ in plan} == set(MODULES)
    assert {level for _, level in plan} == {"易", "中", "难"}


def test_the_practical_paper_has_six_tasks_in_four_variants() -> None:
    """Checklist, spotting, ordering, form and calculation are all there, four variants or more each."""
    found = pools("e02")
    assert len(found) >= 6
    assert min(len(pool.specs) for pool in found.values()) >= 4
    assert {pool.kind.name for pool in found.values()} >= {"checklist", "spotting", "ordering", "form", "calculation"}


def visible(assignment: str) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of everything in an assignment that people read, keys and rubrics included."""
    for path in sorted((COURSE.source / assignment).rglob("*")):
        if path.suffix == ".ipynb":
            yield from ((f"{path.name} {cell['id']}", text(cell)) for cell in read_notebook(path)["cells"])
        elif path.is_file():
            yield str(path.relative_to(COURSE.source)), path.read_text("utf-8")


def plain(content: str) -> str:
    """Keep letters and digits: a run of them is what two texts may share."""
    return re.sub(r"[\W_]", "", content)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the source documents are not beside this clone")
@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_no_sentence_is_a_source_document_s(assignment: str) -> None:
    """No run of 20 characters is shared with the source documents, but for law and official phrases that are listed."""
    quoted = [plain(line) for line in (Path(__file__).parent / "quoted.txt").read_text("utf-8").splitlines()]
    theirs = set()
    for path in SEEDS.glob("*.txt"):
        found = plain(path.read_text("utf-8"))
        theirs |= {found[at : at + RUN] for at in range(len(found) - RUN + 1)}
    assert theirs
    shared = []
    for place, content in visible(assignment):
        ours = plain(content)
        runs = [ours[at : at + RUN] for at in range(len(ours) - RUN + 1)]
        shared += [f"{place}：{run}" for run in runs if run in theirs and not any(run in one for one in quoted)]
    assert shared == []


@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_nobody_real_is_in_the_course(assignment: str) -> None:
    """Identity numbers are of the area 9901, which belongs to nobody; telephone numbers are masked."""
    for place, content in visible(assignment):
        numbers = re.findall(r"(?<![0-9A-Z])\d{17}[0-9X](?![0-9A-Z])", content)
        people = [one for one in numbers if one[6:8] in ("19", "20") and one[:4] != "9901"]
        assert people == [], place
        assert re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", content) == [], place
    assert all(marks(cell).get("locked") for cell in _cells(assignment))


def _cells(assignment: str) -> Iterator[dict[str, object]]:
    for path in (COURSE.source / assignment).glob("*.ipynb"):
        yield from read_notebook(path)["cells"]
