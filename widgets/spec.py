"""The data file of an exercise: what is shown to everybody, and nothing that would tell the answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z", max_length=64)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]

#: Feedback after submission; none but the points; at once, with hints; no right answer at all, collected with the
#: name (record) or without (survey).
Policy = Literal["module", "examination", "practice", "record", "survey"]
#: What is collected as data and never brings points.
FORMS: frozenset[Policy] = frozenset({"record", "survey"})

#: A data file larger than this is a mistake: an exercise is a page, not a data base (bytes).
MAX_BYTES = 1_000_000


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something with an opaque id and the text that people read."""

    id: Id
    text: Text


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table row; *cells* maps column ids to text."""

    id: Id
    cells: dict[str, str]


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every data file has, whatever its kind.

    *source* names the law article or document each fact comes from; *seed* lists rows of the curriculum inventory,
    *module* and *level* (difficulty) are those by which an examination's blueprint is drawn up.
    *policy* says when a trainee learns how it went; only an exercise for practice carries its own key (*practice*),
    and such an exercise never brings points. Nor do forms (*record*, *survey*): they have no key.
    """

    kind: str
    title: Text
    prompt: Text
    source: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    seed: tuple[Text, ...] = ()
    module: Id | None = None
    level: Literal["易", "中", "难"] | None = None
    facts: tuple[Labelled, ...] = ()
    policy: Policy = "module"
    hints: tuple[Text, ...] = ()
    practice: dict[str, Any] | None = None


class DataError(ValueError):
    """A data file or key that cannot be used; the message is Chinese and says where, what and how to mend it."""


T = TypeVar("T")

_TYPES = {
    "str": "文字",
    "int": "整数",
    "float": "数字",
    "bool": "true/false",
    "array": "列表 […]",
    "object": "对象 {…}",
    "null": "空值 null",
}
_PHRASES = (
    (r"Object missing required field `(.+?)`", r"缺少字段“\1”，请补上"),
    (r"Object contains unknown field `(.+?)`", r"不认识的字段“\1”，请检查拼写或删去"),
    (r"Expected `str` matching regex .*", "编号只能用英文字母、数字、“-”和“_”，且以字母或数字开头"),
    (r"Expected `(\w+)` of length >= (\d+)", r"内容太少，至少要有 \2 项（或 \2 个字）"),
    (r"Expected `(\w+)` of length <= (\d+)", r"内容太长，最多 \2 项（或 \2 个字）"),
    (r"Invalid enum value (.+)", r"不认识的取值 \1"),
    (r"Expected `(\w+)` of length (\d+), got (\d+)", r"应有 \2 项，实有 \3 项"),
    (r"Expected `(?:int|float)` >= (-?[\d.]+)", r"不能小于 \1"),
    (r"Expected `(?:int|float)` <= (-?[\d.]+)", r"不能大于 \1"),
    (r"Expected `(?:int|float)` > (-?[\d.]+)", r"必须大于 \1"),
    (r"Expected `(\w+)(?:.*?)`, got `(\w+)`", "{0}"),
)


def explain(error: Exception) -> str:
    """Say a msgspec error in Chinese: the place (``rows[3].id``), what was found and what was expected."""
    text, _, place = str(error).partition(" - at `$")
    if not place:
        text, key, place = str(error).partition(" - at `key` in `$")
        place += "（字段名）" if key else ""
        text = "字段名应为文字" if text == "Expected `str`" else text
    for pattern, phrase in _PHRASES:
        match = re.match(pattern, text)
        if match and phrase == "{0}":
            want, got = (_TYPES.get(word, word) for word in match.groups())
            text = f"应为{want}，实为{got}"
        elif match:
            text = match.expand(phrase)
        else:
            continue
        break
    where = place.replace("`", "").lstrip(".")
    return f"{where}：{text}" if where else text


def decode(data: bytes, into: type[T], name: str) -> T:
    """Parse JSON *data* strictly into *into*; *name* is how messages call the file.

    Raises DataError for GBK text, broken JSON (with its line), and wrong, missing or unknown fields (with their place).
    """
    if len(data) > MAX_BYTES:
        raise DataError(f"{name}：文件有 {len(data)} 字节，超过 {MAX_BYTES} 字节的上限，请检查是否放错了文件。")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{name}：不是 UTF-8 编码（可能是 GBK），请用编辑器另存为 UTF-8 后再试。") from None
    try:
        return msgspec.json.decode(data, type=into)
    except msgspec.ValidationError as error:
        raise DataError(f"{name}：{explain(error)}。") from None
    except (msgspec.DecodeError, RecursionError) as error:
        byte = re.search(r"\(byte (\d+)\)", str(error))
        line = data[: int(byte[1])].count(b"\n") + 1 if byte else data.count(b"\n") + 1
        raise DataError(f"{name}：第 {line} 行附近的 JSON 写法有误，请检查逗号、引号和括号。") from None


def read_bytes(path: Path, name: str) -> bytes:
    """Read a data file; a missing one raises DataError, naming the file and the cure."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{name}：找不到文件，请确认它在作业文件夹的 data/ 里，编号与单元格一致。") from None
    except OSError as error:
        raise DataError(f"{name}：无法读取（{error.strerror}），请检查文件权限。") from None


def repeated(ids: Iterable[str], what: str) -> Iterator[str]:
    """Yield a fault for every id that stands twice among *ids*."""
    for name, count in Counter(ids).items():
        if count > 1:
            yield f"{what}编号“{name}”出现了 {count} 次，每个编号只能用一次"


def same_text(items: Iterable[Labelled], what: str) -> Iterator[str]:
    """Yield a fault for every text that stands twice among *items*: nobody could tell them apart."""
    for text, count in Counter(item.text for item in items).items():
        if count > 1:
            yield f"有 {count} 个{what}都是“{text}”，请改写或删去重复的"


def unknown(ids: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    """Yield a fault for every id that *known* does not hold."""
    allowed = set(known)
    for name in ids:
        if name not in allowed:
            yield f"{what}“{name}”不在题目里，可用的有：{'、'.join(sorted(allowed)) or '（无）'}"


def table_faults(columns: Iterable[Labelled], rows: Iterable[Row]) -> Iterator[str]:
    """Yield what is wrong with a table: ids twice, cells of unknown columns, empty rows."""
    names = [column.id for column in columns]
    yield from repeated(names, "列")
    rows = tuple(rows)
    yield from repeated((row.id for row in rows), "行")
    for row in rows:
        yield from unknown(row.cells, names, f"行 {row.id} 的列")
        missing = [name for name in names if name not in row.cells]
        if missing:
            yield f'行 {row.id} 缺少列 {"、".join(missing)}；没有内容请写空文字 ""'


def texts(items: Iterable[Labelled]) -> dict[str, str]:
    """Map the ids of *items* to their texts."""
    return {item.id: item.text for item in items}
