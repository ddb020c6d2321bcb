"""The roster (花名册): who is on it, and what importing a spreadsheet would change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from coursekit.inbound import is_trainee
from coursekit.roster_table import LABELS, Problem, Row

_YES = {"是", "归档", "已归档", "yes", "y", "true", "1"}
_NO = {"", "否", "在册", "no", "n", "false", "0"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the roster; *extra* are the columns that the kit does not know, by their headers."""

    id: str
    name: str = ""
    unit: str = ""
    counter: str = ""
    class_name: str = ""
    email: str = ""
    archived: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)


class Action(StrEnum):
    """What importing does to a person; the value is what the preview says."""

    ADD = "新增"
    UPDATE = "更新"
    ARCHIVE = "归档"
    SAME = "不变"


@dataclass(frozen=True, slots=True)
class Change:
    """A person after the import, and before it."""

    action: Action
    person: Person
    before: Person | None = None

    def words(self) -> str:
        """Say what changes, column by column."""
        old = self.before or Person(self.person.id)
        pairs = [
            (LABELS[name], getattr(old, name), getattr(self.person, name)) for name in LABELS if name != "archived"
        ]
        names = sorted({*old.extra, *self.person.extra})
        pairs += [(name, old.extra.get(name, ""), self.person.extra.get(name, "")) for name in names]
        found = [
            f"{label} {before or '（空）'}→{after or '（空）'}" for label, before, after in pairs if before != after
        ]
        if old.archived != self.person.archived:
            found.append("归档" if self.person.archived else "恢复在册")
        return "，".join(found)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do; it may be carried out when no problem is fatal."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]

    @property
    def is_possible(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(problem.fatal for problem in self.problems)

    @property
    def bad_rows(self) -> int:
        """How many rows have a fatal problem."""
        return len({(one.sheet, one.row) for one in self.problems if one.fatal and one.row})

    def count(self, action: Action) -> int:
        """Count the people to whom *action* happens."""
        return sum(change.action is action for change in self.changes)


def plan(
    rows: Sequence[Row], problems: Sequence[Problem], people: Mapping[str, Person], *, archive_missing: bool = False
) -> Plan:
    """Decide what importing *rows* does to *people*; what the file has no column for stays as it is."""
    found = list(problems)
    seen: dict[str, Row] = {}
    folded = {key.casefold(): key for key in people}
    changes = []
    for row in rows:
        said = row.given.get("id", "")
        key = unicodedata.normalize("NFKC", said)
        trouble = list(_identity(row, key, seen.get(key), folded.get(key.casefold(), key)))
        seen.setdefault(key, row)
        folded.setdefault(key.casefold(), key)
        before = people.get(key)
        trouble += _contents(row, key, before)
        found += trouble
        if not any(one.fatal for one in trouble):
            changes.append(_change(_after(row, key, before), before))
    if archive_missing:
        gone = [one for key, one in people.items() if key not in seen and not one.archived]
        changes += [Change(Action.ARCHIVE, replace(one, archived=True), one) for one in gone]
    return Plan(tuple(changes), tuple(found))


def _change(after: Person, before: Person | None) -> Change:
    if before is None:
        return Change(Action.ADD, after)
    if after == before:
        return Change(Action.SAME, after, before)
    return Change(Action.ARCHIVE if after.archived and not before.archived else Action.UPDATE, after, before)


def _after(row: Row, key: str, before: Person | None) -> Person:
    old = before or Person(key)
    texts = {name: text for name, text in row.given.items() if name not in ("id", "archived")}
    extra = {name: text for name, text in (dict(old.extra) | dict(row.extra)).items() if text}
    return replace(old, **texts, archived=row.given.get("archived", "").lower() in _YES, extra=extra)


def _identity(row: Row, key: str, other: Row | None, spelt: str) -> Iterator[Problem]:
    if not key:
        yield Problem(row.sheet, row.row, "工号", "没有填写", "请补上工号，或删去这一行")
        return
    if not is_trainee(key):
        what = f"“{key[:64]}”不能作工号"
        cure = "只能用文字、数字和 _ - . @，以文字或数字开头，最多 64 个字"
        yield Problem(row.sheet, row.row, "工号", what, cure)
    if key != row.given["id"]:
        what = f"“{row.given['id']}”含全角字符，按“{key}”读"
        yield Problem(row.sheet, row.row, "工号", what, "请在表里改成半角", fatal=False)
    if other is not None:
        mine, theirs = row.given.get("name", ""), other.given.get("name", "")
        who = f"{theirs}与{mine}用了同一个工号 {key}" if mine != theirs else f"{key}（{mine}）出现了两次"
        cure = "请给其中一人改正工号" if mine != theirs else "请删去重复的一行"
        yield Problem(row.sheet, row.row, "工号", f"{who}，另一处是工作表“{other.sheet}”第 {other.row} 行", cure)
    elif spelt != key:
        cure = "文件夹分不清大小写，请统一写法"
        yield Problem(row.sheet, row.row, "工号", f"“{key}”与“{spelt}”只有大小写不同", cure)


def _contents(row: Row, key: str, before: Person | None) -> Iterator[Problem]:
    given = row.given

    def problem(name: str, what: str, cure: str, *, fatal: bool = False) -> Problem:
        return Problem(row.sheet, row.row, LABELS[name], what, cure, fatal)

    name = given.get("name", before.name if before else "")
    if not name and key:
        yield problem("name", "没有填写", "请补上姓名", fatal=before is None or bool(before.name))
    elif before and before.name and before.name != name:
        yield problem("name", f"工号 {key} 原来是{before.name}，将改为{name}", "如果是另一个人，请换一个工号")
    if not given.get("class_name", before.class_name if before else "") and key:
        yield problem("class_name", f"{name or key}没有班级", "不影响导入；按班级统计时会漏掉这个人，请补上")
    if given.get("email") and not _EMAIL.match(given["email"]):
        yield problem("email", f"“{given['email']}”不像邮箱", "请核对")
    if (said := given.get("archived", "").lower()) not in _YES | _NO:
        yield problem("archived", f"“{said}”看不懂", "请写“是”或留空", fatal=True)
