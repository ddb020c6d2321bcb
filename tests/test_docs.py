"""The author's guide shows nothing that does not work: examples, class names, fields, limits and messages are proved."""

from __future__ import annotations

import ast
import json
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import REPO
from msgspec import inspect

from coursekit import author
from coursekit.check import EXAM_LIMIT, MODULE_LIMIT, check
from coursekit.course import CONFIG, Course
from coursekit.proof import GUESSERS, MARGIN, faults
from coursekit.source import load_item
from widgets.grading import read_call
from widgets.kind import AnswerError
from widgets.kinds import KINDS, AnyKind
from widgets.pool import Pool, load_pool
from widgets.spec import Spec

GUIDE = (REPO / "docs" / "authoring.zh-CN.md").read_text("utf-8")
POINTS = 6

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`(data/[\w/-]+\.json)`")
_ROW = re.compile(r"^\| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


@dataclass
class Example:
    """An exercise as the guide prints it: its data files by path, its key, and for free text its rubric."""

    name: str
    files: dict[str, str] = field(default_factory=dict)
    key: dict[str, Any] | None = None
    rubric: str | None = None

    def write(self, folder: Path) -> Pool:
        """Write the data files as an author would and read them as the kit does."""
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        return load_pool(folder, self.name)


def _examples() -> dict[str, Example]:
    """Collect every JSON block with a kind, and the key or the rubric that follows it."""
    found: dict[str, Example] = {}
    latest, end = Example(""), 0
    for block in _BLOCK.finditer(GUIDE):
        language, text = block.groups()
        if language == "json" and "kind" in json.loads(text):
            path = Path(_FILE.findall(GUIDE[end : block.start()])[-1])
            name = path.stem if path.parent.name == "data" else path.parent.name
            latest = found.setdefault(name, Example(name))
            latest.files[str(path)] = text
        elif language == "python" and latest.name:
            assert latest.key is None, latest.name
            latest.key = ast.literal_eval(text)
        elif language == "markdown":
            latest.rubric = text
        end = block.end()
    return found


def _sections() -> dict[str, str]:
    """Map each kind to its section of the guide."""
    parts = re.split(r"^#{2,3} (.+)$", GUIDE, flags=re.MULTILINE)[1:]
    titles = dict(zip(parts[::2], parts[1::2], strict=True))
    return {
        name: titles[f"{kind.label} `{name}`"] for name, kind in KINDS.items() if f"{kind.label} `{name}`" in titles
    }


def _view(kind: str) -> str:
    """Return the class that the guide tells authors to write for a kind."""
    (found,) = re.findall(r'显示单元格写 `(\w+)\("编号"\)`', SECTIONS[kind])
    return str(found)


EXAMPLES = _examples()
SECTIONS = _sections()


def _course(root: Path) -> Course:
    """Make a course folder that holds nothing but its settings and an empty assignment m05."""
    (root / CONFIG).parent.mkdir(parents=True)
    (root / CONFIG).write_bytes((REPO / CONFIG).read_bytes())
    (root / "source" / "m05" / "data").mkdir(parents=True)
    return Course.load(root)


def _cells(example: Example, kind: AnyKind) -> Iterator[author.Cell]:
    """Yield the cells that the guide asks for: show cell, and grade cell or task cell."""
    yield author.exercise(example.name, _view(kind.name))
    if example.key is not None:
        yield author.grade_cell(example.name, POINTS, example.key)
    if example.rubric is not None:
        yield author.task_cell(example.name, POINTS, "", "") | {"source": example.rubric}


def test_every_kind_has_a_section_with_an_example() -> None:
    """No kind is left out, and none is described that does not exist."""
    assert SECTIONS.keys() == KINDS.keys()
    for name, section in SECTIONS.items():
        assert f'"kind": "{name}"' in section, name
        assert _view(name), name


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_proved(name: str, tmp_path: Path) -> None:
    """The key of each example earns full marks, nothing else does, and guessing does not pay."""
    example = EXAMPLES[name]
    pool = example.write(tmp_path)
    if pool.kind.by_hand:
        assert example.key is None
        assert author.MARK_SCHEME in (example.rubric or "")
        spec = next(iter(pool.specs.values()))
        samples = pool.kind.samples(spec, pool.kind.parse_key(spec, {}))
        pool.kind.parse_answer(spec, msgspec.json.encode(samples.right))
        for malformed in samples.malformed:
            with pytest.raises(AnswerError):
                pool.kind.parse_answer(spec, msgspec.json.encode(malformed))
        return
    practice = next(iter(pool.specs.values())).practice
    assert (example.key is None) == (practice is not None)
    cell = author.grade_cell(name, POINTS, example.key or practice)
    item = load_item(tmp_path, "m05", name, POINTS, read_call(cell["source"]))
    assert list(faults(item)) == []


def test_all_examples_together_pass_the_check(tmp_path: Path) -> None:
    """An assignment made of all examples may be released: `coursekit check` finds nothing."""
    course = _course(tmp_path)
    folder = course.source / "m05"
    cells = [author.lesson("m05-start", "# 课文")]
    for example in EXAMPLES.values():
        cells += _cells(example, example.write(folder).kind)
    (folder / "m05.ipynb").write_text(json.dumps(author.notebook(cells, "全部例子", 60)), "utf-8")
    assert [f"{fault.where}：{fault.what}" for fault in check(course, "m05")] == []


def test_the_text_file_makes_a_notebook_that_passes_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script that authors copy runs as it stands, and what it writes may be released."""
    course = _course(tmp_path)
    (script,) = (text for language, text in _BLOCK.findall(GUIDE) if language == "python" and "import" in text)
    for name in re.findall(r'exercise\("([^"]+)"', script):
        EXAMPLES[name].write(course.source / "m05")
    (tmp_path / "m05.py").write_text(script, "utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("m05.py")
    assert check(course, "m05") == []


def test_cells_look_as_the_guide_prints_them() -> None:
    """What the guide prints as the text of a cell is read by the kit."""
    show, graded = (text for language, text in _BLOCK.findall(GUIDE) if language == "text" and "import" in text)
    assert show.rstrip() == author.exercise("m05-q04", "Choice")["source"]
    assert author.BEGIN in graded
    assert author.END in graded
    assert read_call(graded).exercise == "m05-q04"


def _names(kind: inspect.Type) -> Iterator[str]:
    """Yield the fields of a structure and of all structures within it."""
    if isinstance(kind, inspect.StructType):
        for one in kind.fields:
            yield one.encode_name
            yield from _names(one.type)
    for inner in ("item_type", "value_type"):
        if hasattr(kind, inner):
            yield from _names(getattr(kind, inner))
    for many in ("item_types", "types"):
        for one_type in getattr(kind, many, ()):
            yield from _names(one_type)


def _told(text: str) -> set[str]:
    """Return the words that a text sets as code, outside its blocks."""
    return {word for span in re.findall(r"`([^`\n]+)`", _BLOCK.sub("", text)) for word in re.findall(r"\w+", span)}


@pytest.mark.parametrize("name", KINDS)
def test_every_field_is_explained(name: str) -> None:
    """No field of a data file or a key is a secret."""
    common = set(Spec.__struct_fields__)
    assert common <= _told(GUIDE)
    fields = {*_names(inspect.type_info(KINDS[name].Spec)), *_names(inspect.type_info(KINDS[name].Key))}
    assert fields - common - _told(SECTIONS[name]) - {"id", "text"} == set()


def test_limits_are_the_programs() -> None:
    """What guessing may earn is printed as the check applies it."""
    for name, kind in KINDS.items():
        limit = "不适用" if kind.by_hand else f"{kind.chance_limit:.0%} |"
        assert f"| {kind.label} `{name}` | {limit}" in GUIDE
    assert f"单元练习不超过 {MODULE_LIMIT:.0%}" in GUIDE
    assert f"不超过 {EXAM_LIMIT:.0%}" in GUIDE
    assert f"{GUESSERS} 个“只会乱猜的学员”" in GUIDE
    assert f"超过上限 {100 * MARGIN:g} 个百分点" in GUIDE


def _patterns() -> Iterator[str]:
    """Yield the program's messages as patterns, with a gap where a value stands."""
    for path in [*(REPO / "widgets").glob("*.py"), *(REPO / "coursekit").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            words = [one.value if isinstance(one, ast.Constant) else None for one in parts]
            if sum(len(re.findall(r"[\u4e00-\u9fff]", word)) for word in words if isinstance(word, str)) >= 4:
                pattern = "".join(re.escape(word) if isinstance(word, str) else ".+" for word in words)
                yield re.sub(r"\\\\\d", ".+", pattern)


def test_messages_are_the_programs() -> None:
    """Every message that the guide quotes is one that the program has, word for word."""
    tables = re.split(r"^\| 常见错误 \| `coursekit check` 会说 \|\n\|---\|---\|\n", GUIDE, flags=re.MULTILINE)[1:]
    quoted = [row for table in tables for row in _ROW.findall(table.split("\n\n")[0])]
    known = [re.compile(rf"(.*：)?{pattern}。?") for pattern in _patterns()]
    assert len(quoted) > 50
    assert [text for text in quoted if not any(pattern.fullmatch(text) for pattern in known)] == []
