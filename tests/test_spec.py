"""Data files: read strictly, and refused with a Chinese sentence that names the file and the place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import CHECKLIST, ORDERING, ORDERING_KEY, SPOTTING
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.kinds import KINDS, parse_spec
from widgets.spec import MAX_BYTES, DataError, Labelled, decode, read_bytes

PROPERTY = settings(max_examples=200, deadline=None, derandomize=True)
NAME = "data/x01-c1.json"
#: Words of msgspec, which no author should have to read.
ENGLISH = re.compile(r"Expected|Object|Invalid|missing|malformed|truncated|length|value|Integer|Number|range| got ")


def refusal(data: bytes) -> str:
    """Parse what must be refused and return the message."""
    with pytest.raises(DataError) as caught:
        parse_spec(data, NAME)
    message = str(caught.value)
    assert message.startswith(f"{NAME}：")
    assert re.search(r"[一-鿿]", message)
    assert not ENGLISH.search(message), message
    return message


def encoded(base: dict[str, Any], **changes: Any) -> bytes:
    """Write a sample with some fields changed."""
    return json.dumps(base | changes, ensure_ascii=False).encode()


@pytest.mark.parametrize("base", [CHECKLIST, SPOTTING, ORDERING], ids=lambda base: str(base["kind"]))
def test_a_sample_is_read_as_its_kind(base: dict[str, Any]) -> None:
    """A sound data file yields the kind it names and what it says."""
    kind, spec = parse_spec(encoded(base), NAME)
    assert kind is KINDS[base["kind"]]
    assert spec.title == base["title"]


def test_a_byte_order_mark_is_accepted() -> None:
    """A file saved by Windows' editor begins with a byte order mark and is as good as any."""
    assert parse_spec(b"\xef\xbb\xbf" + encoded(CHECKLIST), NAME) == parse_spec(encoded(CHECKLIST), NAME)


def test_gbk_is_named_as_such() -> None:
    """A file in GBK is refused with the cure."""
    message = refusal(json.dumps(CHECKLIST, ensure_ascii=False).encode("gbk"))
    assert "GBK" in message
    assert "UTF-8" in message


@pytest.mark.parametrize("line", [1, 2, 3, 17])
def test_broken_json_is_named_by_its_line(line: int) -> None:
    """Where JSON breaks, the message says on which line."""
    data = b"{" + b"\n" * (line - 1) + b'"kind" "checklist"}'
    assert f"第 {line} 行" in refusal(data)


def test_the_line_is_right_after_chinese_text() -> None:
    """Lines are counted in bytes, so Chinese text before the fault does not shift them."""
    data = '{"kind": "checklist",\n"title": "个体工商户设立登记",\n"prompt": "逐件判断材料。",\n oops}'.encode()
    assert "第 4 行" in refusal(data)


def test_the_line_is_right_after_a_byte_order_mark() -> None:
    """A byte order mark does not shift the line of a fault at a line's beginning."""
    data = b'{"kind": "checklist",\nx}'
    assert "第 2 行" in refusal(data)
    assert "第 2 行" in refusal(b"\xef\xbb\xbf" + data)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"{", b'"', b"[" * 100_000, b'{"kind":' * 50_000, b"{}}", b'{"kind": NaN}', b'{"kind": "\\ud800"}'],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """Empty, cut, deeply nested and otherwise broken files are refused, never a crash."""
    refusal(data)


@pytest.mark.parametrize("field", ["title", "prompt", "source", "columns", "rows", "categories", "reasons", "kind"])
def test_a_missing_field_is_named(field: str) -> None:
    """A field that is missing is called by its name."""
    message = refusal(json.dumps({name: value for name, value in CHECKLIST.items() if name != field}).encode())
    assert f"“{field}”" in message


def test_an_unknown_field_is_named() -> None:
    """A field that no data file has, such as a key, is called by its name."""
    assert "“answers”" in refusal(encoded(CHECKLIST, answers=[1]))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"rows": [CHECKLIST["rows"][0], {"id": "r2"}]}, "rows[1]"),
        ({"rows": [CHECKLIST["rows"][0], CHECKLIST["rows"][1] | {"note": 1}]}, "rows[1]"),
        ({"rows": [CHECKLIST["rows"][0], {"id": 2, "cells": {}}]}, "rows[1].id"),
        ({"rows": [CHECKLIST["rows"][0], {"id": "行二", "cells": {}}]}, "rows[1].id"),
        ({"rows": [{"id": "r1", "cells": {"name": 5}}, CHECKLIST["rows"][1]]}, "rows[0].cells"),
        ({"reasons": [{"id": "a" * 65, "text": "x"}, {"id": "b", "text": "x"}]}, "reasons[0].id"),
        ({"reasons": [{"id": "a", "text": ""}, {"id": "b", "text": "x"}]}, "reasons[0].text"),
        ({"rows": []}, "rows"),
        ({"source": []}, "source"),
        ({"title": None}, "title"),
        ({"prompt": "长" * 4001}, "prompt"),
        ({"seed": 4.3}, "seed"),
        ({"facts": [{"id": "f1"}]}, "facts[0]"),
    ],
)
def test_a_fault_is_named_by_its_place(changes: dict[str, Any], place: str) -> None:
    """Every field fault says where it is, as an author would point at it."""
    assert f"{place}" in refusal(encoded(CHECKLIST, **changes))


@pytest.mark.parametrize("fixed", [{"s4": 0}, {"s4": -1}, {"s4": 1.5}, {"s4": "1"}, {"s4": None}, [1]])
def test_a_fixed_place_must_be_a_place(fixed: Any) -> None:
    """A place that cannot be is refused in Chinese."""
    assert "fixed" in refusal(encoded(ORDERING, fixed=fixed))


def test_a_bad_id_among_an_objects_names_is_placed() -> None:
    """An id that is a name in an object is refused with its place too."""
    assert "fixed" in refusal(encoded(ORDERING, fixed={"第一步": 1}))


@pytest.mark.parametrize("name", ["r1\n", "", "-r1", "r 1", "r/1", "行", "r1\r", "../r1", "<b>"])
def test_an_id_has_only_letters_digits_hyphens_and_underscores(name: str) -> None:
    """What is not an id is refused, for ids end up in cell names and web pages."""
    with pytest.raises(DataError):
        decode(json.dumps({"id": name, "text": "x"}).encode(), Labelled, NAME)


@pytest.mark.parametrize("kind", ["chcklist", "", "Checklist", "清单"])
def test_an_unknown_kind_is_named_with_those_that_exist(kind: str) -> None:
    """A kind that does not exist is refused together with the list of those that do."""
    message = refusal(encoded(CHECKLIST, kind=kind))
    assert f"“{kind}”" in message
    assert all(name in message for name in KINDS)


@pytest.mark.parametrize("data", [b"[]", b"1", b'"x"', b"null", b'{"kind": 1}', b'{"kind": null}', b'{"kind": []}'])
def test_a_file_that_is_no_object_is_refused(data: bytes) -> None:
    """Sound JSON that is no data file is refused."""
    refusal(data)


def test_a_file_that_is_too_large_is_refused() -> None:
    """A file above the limit is refused by its size, and one at the limit is read."""
    assert str(MAX_BYTES) in refusal(b" " * (MAX_BYTES + 1))
    data = encoded(CHECKLIST)
    assert parse_spec(data + b" " * (MAX_BYTES - len(data)), NAME)[1].title == CHECKLIST["title"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rows": [CHECKLIST["rows"][0], CHECKLIST["rows"][0]]}, "r1"),
        ({"columns": [{"id": "name", "text": "a"}, {"id": "name", "text": "b"}, {"id": "form", "text": "c"}]}, "name"),
        ({"rows": [{"id": "r1", "cells": {"name": "a", "form": "b", "age": "c"}}, CHECKLIST["rows"][1]]}, "age"),
        ({"rows": [{"id": "r1", "cells": {"name": "a"}}, CHECKLIST["rows"][1]]}, "form"),
        ({"categories": [CHECKLIST["categories"][0]] * 2}, "expired"),
        ({"reasons": [CHECKLIST["reasons"][0]] * 2}, "a1"),
        ({"dispositions": [CHECKLIST["dispositions"][0]] * 2}, "accept"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(changes: dict[str, Any], named: str) -> None:
    """Ids that stand twice and cells that do not fit the columns are called by their names."""
    assert named in refusal(encoded(CHECKLIST, **changes))


def test_a_missing_file_is_named_with_the_cure(tmp_path: Path) -> None:
    """A file that is not there is named, and so is the place where it belongs."""
    with pytest.raises(DataError, match=r"data/x01-c1\.json：找不到文件.*data/"):
        read_bytes(tmp_path / "x01-c1.json", NAME)


def test_a_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    """What cannot be read as a file is a data error."""
    with pytest.raises(DataError, match="无法读取"):
        read_bytes(tmp_path, NAME)


@PROPERTY
@given(st.binary(max_size=300))
def test_garbage_is_refused_as_a_data_error(data: bytes) -> None:
    """No sequence of bytes makes the parser raise anything but DataError."""
    with pytest.raises(DataError):
        parse_spec(data, NAME)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@PROPERTY
@given(st.sampled_from([CHECKLIST, SPOTTING, ORDERING]), st.data())
def test_any_field_may_hold_anything(base: dict[str, Any], data: st.DataObject) -> None:
    """A sample with one field replaced by any JSON value is read, or refused as a data error in Chinese."""
    field = data.draw(st.sampled_from(sorted(base)))
    changed = json.dumps(base | {field: data.draw(JSON)}).encode()
    try:
        parse_spec(changed, NAME)
    except DataError as error:
        assert str(error).startswith(f"{NAME}：")  # noqa: PT017  most values are refused, some are not


@PROPERTY
@given(st.sampled_from([CHECKLIST, SPOTTING, ORDERING]), st.data())
def test_a_file_cut_anywhere_is_refused(base: dict[str, Any], data: st.DataObject) -> None:
    """A file of which the end is missing is refused in Chinese, at whichever byte it was cut."""
    whole = encoded(base)
    size = data.draw(st.integers(0, len(whole) - 1))
    refusal(whole[:size])


@pytest.mark.parametrize(
    "key",
    [
        ORDERING_KEY | {"hard": [["s1"]]},
        ORDERING_KEY | {"hard": [["s1", 2]]},
        ORDERING_KEY | {"same": 1},
        ORDERING_KEY | {"why": {"s1>s2": None}},
        ORDERING_KEY | {"points": 3},
        {1: 2},
        {"before": {"步": []}},
    ],
)
def test_a_key_is_refused_in_chinese_too(key: Any) -> None:
    """A key that has a wrong field is refused in words that an author can read."""
    kind, spec = parse_spec(encoded(ORDERING), NAME)
    with pytest.raises(DataError, match="答案键：") as caught:
        kind.parse_key(spec, key)
    assert not ENGLISH.search(str(caught.value)), str(caught.value)


def test_a_data_file_survives_writing_and_reading() -> None:
    """What was read and written again reads the same."""
    for base in (CHECKLIST, SPOTTING, ORDERING):
        kind, spec = parse_spec(encoded(base), NAME)
        assert parse_spec(msgspec.json.encode(spec), NAME) == (kind, spec)
