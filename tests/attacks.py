"""Every attack on the grader that we know, by name: what it does to a submitted folder, and what the report must say."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grading import FULL, MAXIMA, answers, line, new_cell, rewrite

from coursekit.course import Course
from widgets import journal

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
#: What an attack does to a submitted folder.
Deed = Callable[[Path], object]


def to(file: str, do: Deed) -> Deed:
    """Aim a deed at one file of the folder."""
    return lambda folder: do(folder / file)


def writing(content: bytes) -> Deed:
    """Write a file."""
    return lambda file: file.write_bytes(content)


def sparse(file: Path, size: int) -> None:
    """Make a file that is large and takes no room."""
    file.unlink(missing_ok=True)
    with file.open("wb") as handle:
        handle.truncate(size)


def replaced(make: Callable[[Path], object]) -> Deed:
    """Put something else in a file's place."""

    def do(file: Path) -> None:
        file.unlink()
        make(file)

    return do


def cells(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Deed:
    """Change the cells of the submitted notebook."""
    return lambda file: rewrite(file, change)


def split(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Split every code cell in two as JupyterLab does: both halves carry the metadata."""
    halves = [
        (cell | {"source": cell["source"][:9]}, cell | {"source": cell["source"][9:]})
        if cell["cell_type"] == "code"
        else (cell,)
        for cell in found
    ]
    return [half for pair in halves for half in pair]


def worth(points: float) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Make every grade cell worth *points*."""

    def change(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for cell in found:
            if "points" in cell["metadata"]["nbgrader"]:
                cell["metadata"]["nbgrader"]["points"] = points
        return found

    return change


def answered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write results into the outputs of every cell, as if it had been graded."""
    result = {"output_type": "execute_result", "data": {"text/plain": "6.0"}, "metadata": {}, "execution_count": 1}
    return [cell | {"outputs": [result]} if cell["cell_type"] == "code" else cell for cell in found]


#: What is done to the notebook, and what the report says of it. Marks come from the journal alone.
NOTEBOOK: dict[str, tuple[Deed, str]] = {
    "as released": (lambda _: None, ""),
    "cell deleted": (cells(lambda c: [one for one in c if one["id"] != "x01-c1"]), "x01-c1 缺失"),
    "all cells deleted": (cells(lambda _: []), "x01-c1 缺失"),
    "cell copied": (cells(lambda c: [*c, c[2]]), "x01-c1 重复"),
    "cells split": (cells(split), "x01-c1 重复"),
    "cells moved": (cells(lambda c: c[::-1]), "次序被改动"),
    "cell edited": (cells(lambda c: [c[0], c[1] | {"source": "1"}, *c[2:]]), "x01-c1-show 被改动"),
    "cell added": (cells(lambda c: [*c, new_cell("1")]), "多出 1 个单元格"),
    "empty cell added": (cells(lambda c: [*c, new_cell(" \n")]), ""),
    "other points": (cells(worth(1000)), "x01-c1 分值被改动"),
    "points that are no number": (cells(worth(float("nan"))), "已损坏"),
    "outputs written": (cells(answered), ""),
    "metadata of another shape": (cells(lambda c: [one | {"metadata": {"nbgrader": [1]}} for one in c]), "缺失"),
    "cell name that is no name": (
        cells(lambda c: [one | {"metadata": {"nbgrader": {"grade_id": {}}}} for one in c]),
        "缺失",
    ),
    "a thousand copies": (cells(lambda c: c * 1000), "重复"),
    "not JSON": (lambda file: file.write_text("{broken"), "已损坏"),
    "not a notebook": (lambda file: file.write_text('{"cells": 7}'), "已损坏"),
    "GBK": (lambda file: file.write_bytes('{"cells":[{"source":"云"}]}'.encode("gbk")), "已损坏"),
    "deeply nested": (lambda file: file.write_text('{"cells":' + "[" * 500_000), "已损坏"),
    "empty": (lambda file: file.write_bytes(b""), "已损坏"),
    "50 MB": (lambda file: sparse(file, 50_000_000), "过大"),
    "missing": (lambda file: file.unlink(), "没有交上来"),
    "renamed": (lambda file: file.rename(file.with_name("副本.ipynb")), "没有交上来"),
    "a folder": (replaced(lambda file: file.mkdir()), "不是普通文件"),
    "a FIFO": (replaced(os.mkfifo), "不是普通文件"),
    "a link to the gradebook": (replaced(lambda file: file.symlink_to(file.parents[3] / "gradebook.db")), "是链接"),
    "a link to itself": (replaced(lambda file: file.symlink_to(file)), "是链接"),
    "a link to a device": (replaced(lambda file: file.symlink_to("/dev/zero")), "是链接"),
}

#: nbgrader-pitfalls.md §3: what a cell can do to a grader that runs it. Each also leaves a mark.
TRICKS = {
    "prints a result": "from IPython.display import display\n6.0",
    "equals everything": "class A:\n    def __eq__(self, other): return True\nx = A()",
    "replaces the grader": "import widgets; widgets.grade = lambda *a, **k: k['points']",
    "reads the keys": "open('../../../source/x01/x01.ipynb').read()",
    "writes the gradebook": "import sqlite3; sqlite3.connect('../../../gradebook.db').execute('UPDATE grade SET auto_score=9')",
    "knows that it is graded": "import os; os.environ['NBGRADER_EXECUTION'] == 'autograde' and os._exit(0)",
    "never ends": "while True: pass",
    "kills the grader": "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
}


def trick(source: str) -> Deed:
    """Put code wherever a grader might run it: in locked cells, in a new one, in modules beside the notebook."""

    def do(folder: Path) -> None:
        code = f"import pathlib; pathlib.Path({str(folder.parents[3] / 'ran')!r}).touch()\n{source}"
        rewrite(folder / "x01.ipynb", lambda c: [new_cell(code), *(one | {"source": code} for one in c)])
        for name in ("widgets.py", "sitecustomize.py", "msgspec.py", "nbgrader_config.py", "usercustomize.py"):
            (folder / name).write_text(code)
        (folder / "data" / "x01-c1.json").write_text("{}")

    return do


Lines = dict[str, bytes]


def without(*exercises: str) -> float:
    """Return what is left of full marks without some exercises."""
    return FULL - sum(MAXIMA[name] for name in exercises)


def joined(lines: Lines) -> bytes:
    """Join the lines of a journal."""
    return b"".join(lines.values())


def instead(lines: Lines, exercise: str, other: bytes) -> bytes:
    """Put another line in the place of an exercise's."""
    return joined(lines | {exercise: other})


def raw(answer: bytes, head: bytes = b'"v":1,"exercise":"x01-c1","variant":"","seq":1,"at":""') -> bytes:
    """Write a line of the checklist by hand."""
    return b"{" + head + b',"answer":' + answer + b"}\n"


#: What becomes of right answers, the points left, how many are then invalid, and what the report says.
JOURNAL: dict[str, tuple[Callable[[Lines], bytes], float, int, str]] = {
    "torn": (lambda a: joined(a)[:-9], without("x01-p1"), 0, "没有写完"),
    "torn at the start": (lambda a: joined(a)[9:], without("x01-c1"), 0, "第 1 行"),
    "without line ends": (lambda a: joined(a).replace(b"\n", b""), 0, 0, "没有写完"),
    "with Windows line ends": (lambda a: joined(a).replace(b"\n", b"\r\n"), FULL, 0, ""),
    "with a BOM": (lambda a: b"\xef\xbb\xbf" + joined(a), without("x01-c1"), 0, "第 1 行"),
    "UTF-16": (lambda a: joined(a).decode().encode("utf-16"), 0, 0, "不是完整的作答记录"),
    "binary": (lambda _: bytes(range(256)) * 999, 0, 0, "不是完整的作答记录"),
    "zeros": (lambda a: b"\0" * 9999 + b"\n" + joined(a), FULL, 0, "第 1 行"),
    "100001 lines": (lambda a: b"x\n" * 100_001 + joined(a), 0, 4, "行的上限"),
    "100000 lines": (lambda a: b"x\n" * 99_996 + joined(a), FULL, 0, "没有一一列出"),
    "one endless line": (lambda a: instead(a, "x01-c1", raw(b'"' + b"x" * 300_000 + b'"')), without("x01-c1"), 0, "超过上限"),
    "deeply nested": (lambda a: instead(a, "x01-c1", raw(b"[" * 99_999 + b"]" * 99_999)), without("x01-c1"), 0, "第 1 行"),
    "nested within bounds": (lambda a: instead(a, "x01-c1", raw(b"[" * 500 + b"]" * 500)), without("x01-c1"), 1, ""),
    "NaN": (lambda a: instead(a, "x01-c1", raw(b"NaN")), without("x01-c1"), 0, "第 1 行"),
    "Infinity": (lambda a: instead(a, "x01-c1", raw(b'{"rows":Infinity}')), without("x01-c1"), 0, "第 1 行"),
    "a number beyond all": (lambda a: instead(a, "x01-c1", raw(b"1e999")), without("x01-c1"), 0, "第 1 行"),
    "a number of 99999 digits": (lambda a: instead(a, "x01-c1", raw(b"9" * 99_999)), without("x01-c1"), 0, "第 1 行"),
    "half a letter": (lambda a: instead(a, "x01-c1", raw(b'"\\ud800"')), without("x01-c1"), 0, "第 1 行"),
    "null": (lambda a: instead(a, "x01-c1", raw(b"null")), without("x01-c1"), 1, ""),
    "duplicate keys: the last counts": (
        lambda a: instead(a, "x01-c1", a["x01-c1"].replace(b'"answer":', b'"answer":{"rows":{}},"answer":')), FULL, 0, "",
    ),
    "numbers as strings": (
        lambda a: instead(a, "x01-c1", a["x01-c1"].replace(b'"seq":1', b'"seq":"1"')), without("x01-c1"), 0, "第 1 行",
    ),
    "an answer as a string": (lambda a: instead(a, "x01-o1", line("x01-o1", '["s1"]')), without("x01-o1"), 1, ""),
    "another version": (lambda a: instead(a, "x01-c1", line("x01-c1", {}, v=2)), without("x01-c1"), 0, "版本"),
    "points in the line": (lambda a: instead(a, "x01-c1", line("x01-c1", {}, points=6, score=1)), without("x01-c1"), 0, ""),
    "points in the answer": (lambda a: instead(a, "x01-c1", line("x01-c1", {"points": 6})), without("x01-c1"), 1, ""),
    "an unknown exercise": (lambda a: joined(a) + line("x99-c1", {}), FULL, 0, "'x99-c1'"),
    "an exercise with markup for a name": (lambda a: joined(a) + line(f"{EVIL}\x1b[2J\u202e", {}), FULL, 0, "\\x1b"),
    "a thousand unknown exercises": (
        lambda a: joined(a) + b"".join(line(f"x{n}", {}) for n in range(1000)), FULL, 0, "还有 980 处异常",
    ),
    "a grade cell for an exercise": (lambda _: line("x01-essay", {"text": "x"}), 0, 0, "'x01-essay'"),
    "a variant that there is not": (lambda a: instead(a, "x01-c1", line("x01-c1", {}, "z")), without("x01-c1"), 1, ""),
    "lines out of order: the last counts": (
        lambda a: joined(a) + line("x01-c1", {}, seq=-9), without("x01-c1"), 0, "",
    ),
    "a clock in the future": (lambda a: joined(a).replace(b"2026-", b"9999-"), FULL, 0, ""),
    "a clock in the past": (lambda a: joined(a).replace(b"2026-", b"0001-"), FULL, 0, ""),
    "a clock that is none": (lambda a: joined(a).replace(b"2026-11-22T08:15:04.120Z", EVIL.encode().replace(b'"', b"")), FULL, 0, ""),
    "empty": (lambda _: b"", 0, 0, ""),
}  # fmt: skip

#: What stands in the journal's place; every exercise is then an invalid answer.
NO_JOURNAL: dict[str, Deed] = {
    "100 MB": lambda file: sparse(file, 100_000_000),
    "a folder": lambda file: file.mkdir(),
    "a FIFO": os.mkfifo,
    "a link to the gradebook": lambda file: file.symlink_to(file.parents[3] / "gradebook.db"),
    "a link to the honest trainee's": lambda file: file.symlink_to(file.parents[2] / "honest" / "x01" / journal.NAME),
    "a link to itself": lambda file: file.symlink_to(file),
    "a link to a device": lambda file: file.symlink_to("/dev/zero"),
}


def trainee_with(course: Course, variant: str) -> str:
    """Return a trainee who gets a variant of x01-p1."""
    found = {f"t{n}": json.loads(answers(course, f"t{n}")["x01-p1"])["variant"] for n in range(20)}
    return next(name for name, one in found.items() if one == variant)


#: Files that a submission may bring along, or have in the place of nbgrader's own.
EXTRA: dict[str, Deed] = {
    "a gradebook": lambda folder: (folder / "gradebook.db").write_bytes(b"SQLite format 3\0"),
    "easier data": lambda folder: (folder / "data" / "x01-c1.json").write_text("{}"),
    "variants of its own": lambda folder: shutil.copytree(folder / "data" / "x01-p1", folder / "data" / "x01-c1"),
    "a link to the course": lambda folder: (folder / "course").symlink_to(folder.parents[2]),
    "a link out of the data": lambda folder: (folder / "data" / "x").symlink_to("/etc/passwd"),
    "a timestamp that is a link": lambda folder: (folder / "timestamp.txt").symlink_to("/etc/passwd"),
    "a timestamp that is a FIFO": lambda folder: os.mkfifo(folder / "timestamp.txt"),
    "a timestamp of 100 GB": lambda folder: sparse(folder / "timestamp.txt", 10**11),
    "a timestamp outside the calendar": lambda folder: (folder / "timestamp.txt").write_text("0001-01-01 00:00:00 X"),
    "a secret of 100 GB": lambda folder: sparse(folder / "submission_secret.txt", 10**11),
    "a secret that is a link": lambda folder: (folder / "submission_secret.txt").symlink_to("/etc/passwd"),
    "a secret that is a folder": lambda folder: (folder / "submission_secret.txt").mkdir(),
    "a file that cannot be named": lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe")).touch(),
}

IDS = [
    "o'brien", 'say "hi"', "a,b", "a;b", "new\nline", "tab\there", "eve..", "-rf", "~", "$HOME",
    "%s", "{0}", "\u202eeve\u202c", "\u200e", " ", "a+b", "'; DROP TABLE grade; --", "<script>alert(1)<∕script>",
    "[red]", "学员", "é", "e\u0301", "x" * 128, "eve\x1b[2J", "*", "?", "[a-z]", "\\", "HONEST", "honest ",
]  # fmt: skip

#: Folders that can be no trainee's: nbgrader would not see them, or the gradebook could not hold the name.
UNFIT = [b"..eve", b"...", b".x", b"x" * 129, "云溪".encode("gbk")]


def attackers(course: Course) -> dict[str, tuple[str, Deed]]:
    """List all attackers by the name of their attack: how they answered, and what they did to their folder."""
    found: dict[str, tuple[str, Deed]] = {trainee: ("right", lambda _: None) for trainee in IDS}
    for name, (do, _) in NOTEBOOK.items():
        for how in ("right", ""):
            found[f"notebook {name} {how}"] = (how, to("x01.ipynb", do))
    for name, (change, *_) in JOURNAL.items():
        content = change(answers(course, f"journal {name}"))
        found[f"journal {name}"] = ("", to(journal.NAME, writing(content)))
    for name, do in NO_JOURNAL.items():
        found[f"no journal {name}"] = ("", to(journal.NAME, do))
    for name, source in TRICKS.items():
        found[f"trick {name}"] = ("", trick(source))
    for name, do in EXTRA.items():
        found[f"extra {name}"] = ("right", do)
    copier = trainee_with(course, "b")
    found[copier] = ("", to(journal.NAME, writing(joined(answers(course, trainee_with(course, "a"))))))
    return found
