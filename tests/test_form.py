"""录入: fields right or wrong after both sides are spelt alike, and nothing for one text everywhere."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import samples

from widgets.form import FormEntry, FormKey, FormSpec
from widgets.kind import AnswerError
from widgets.score import Score, Verdict
from widgets.spec import DataError

SAMPLES = samples("form")
CHANGE, CHANGE_KEY = SAMPLES["form"]

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = FormEntry()

Pair = tuple[FormSpec, FormKey]


def parsed(data: dict[str, Any], key: dict[str, Any]) -> Pair:
    """Parse a data file and its key as the kit does."""
    spec = msgspec.convert(data, FormSpec)
    assert list(KIND.faults(spec)) == []
    return spec, KIND.parse_key(spec, key)


def small(**changes: Any) -> dict[str, Any]:
    """Make a form with one field of every input, *a* and *b* typed freely, *e* to be left empty."""
    return {
        "kind": "form",
        "title": "题目",
        "prompt": "要求",
        "source": ["依据"],
        "document": [{"id": "d1", "text": "姓名：林知夏"}],
        "fields": [
            {"id": "a", "text": "姓名", "required": True},
            {"id": "b", "text": "单位"},
            {"id": "day", "text": "日期", "input": "date"},
            {"id": "no", "text": "号码", "input": "id_no"},
            {"id": "pick", "text": "类别", "input": "select", "options": [{"id": x, "text": f"类{x}"} for x in "xyz"]},
            {"id": "e", "text": "备注"},
        ],
        **changes,
    }


SMALL_KEY: dict[str, Any] = {
    "fields": {
        "a": {"accept": ["林知夏", "LIN Zhixia"], "why": "照证件。"},
        "b": {"accept": ["云溪市南乔面馆"], "why": "照执照。", "weight": 2},
        "day": {"accept": ["2026-09-18"], "why": "落款日期。"},
        "no": {"accept": ["99010119850615002X"], "why": "照证件。"},
        "pick": {"accept": ["y"], "why": "照申请书。"},
        "e": {"blank": True, "why": "材料没有写。"},
    }
}
RIGHT = {"a": "林知夏", "b": "云溪市南乔面馆", "day": "2026-09-18", "no": "99010119850615002X", "pick": "y"}
TOTAL = 7


def graded(fields: dict[str, str], of: Pair | None = None) -> Score:
    """Grade an answer given as JSON values."""
    spec, key = of or parsed(small(), SMALL_KEY)
    return KIND.grade(spec, KIND.parse_answer(spec, json.dumps({"fields": fields}).encode()), key)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_prove_the_sample_exercises(name: str) -> None:
    """The key scores 1, slips 0, one slip something between, one text everywhere 0, and malformed ones are refused."""
    spec, key = parsed(*SAMPLES[name])
    samples = KIND.samples(spec, key)
    assert graded(samples.right["fields"], (spec, key)).fraction == 1.0
    assert graded(samples.wrong["fields"], (spec, key)).fraction == 0.0
    assert 0 < graded(samples.partly["fields"], (spec, key)).fraction < 1
    assert graded(samples.everything["fields"], (spec, key)).fraction == 0.0
    for answer in samples.malformed:
        with pytest.raises(AnswerError, match="作答内容"):
            KIND.parse_answer(spec, msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 7),
        ({"a": "ＬＩＮ　Zhixia"}, 7),
        ({"a": " 林 知夏 "}, 7),
        ({"day": "2026年9月18日"}, 7),
        ({"day": "2026/9/18"}, 7),
        ({"no": "990101 19850615 002x"}, 7),
        ({"no": "９９０１０１-１９８５０６１５-００２ｘ"}, 7),
        ({"e": "  "}, 7),
        ({"a": "林知秋"}, 6),
        ({"a": "lin zhixia"}, 6),
        ({"b": ""}, 5),
        ({"day": "2026-09-19"}, 6),
        ({"day": "九月十八日"}, 6),
        ({"pick": "x"}, 6),
        ({"e": "无"}, 6),
        ({"a": "", "b": "", "no": ""}, 0),
    ],
)
def test_each_field_earns_its_weight(changes: dict[str, str], expected: float) -> None:
    """An entry is right however it is spelt, and wrong when it says something else."""
    assert graded({**RIGHT, **changes}).fraction == expected / TOTAL


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"e": ""},
        {"pick": "y"},
        {"a": "林知夏"},
        {"a": "林知夏", "pick": "y"},
        {"day": "2026-09-18", "pick": "y"},
        dict.fromkeys(("a", "b", "day", "no", "e"), "林知夏"),
        dict.fromkeys(("a", "b", "day", "no", "e"), "同上") | {"pick": "y"},
    ],
)
def test_choices_empty_fields_and_one_text_are_worth_nothing(fields: dict[str, str]) -> None:
    """Points begin with two different texts that are right: guesses and copies do not add up."""
    assert graded(fields).fraction == 0.0


def test_two_different_texts_open_the_score() -> None:
    """From the second right text on the choices and the field left empty count as well."""
    assert graded({"a": "林知夏", "b": "云溪市南乔面馆"}).fraction == 4 / TOTAL
    assert graded({"a": "林知夏", "b": "云溪市南乔面馆", "pick": "y"}).fraction == 5 / TOTAL


def test_the_same_right_text_in_two_fields_is_one_text() -> None:
    """Where the key repeats a text, the repetition is no second proof of reading."""
    data = small(fields=[{"id": name, "text": name} for name in "abc"])
    key = {"fields": {name: {"accept": [text], "why": "照录。"} for name, text in zip("abc", "甲甲乙", strict=True)}}
    of = parsed(data, key)
    assert graded({"a": "甲", "b": "甲", "c": "甲"}, of).fraction == 0.0
    assert graded({"a": "甲", "b": "甲", "c": "乙"}, of).fraction == 1.0


def test_a_blank_answer() -> None:
    """Nothing, empty texts and spaces are not an answer; a single entry is."""
    spec, _ = parsed(small(), SMALL_KEY)
    for fields in ({}, {"a": ""}, {"a": "　 ", "b": "\t"}):
        assert KIND.is_blank(KIND.parse_answer(spec, json.dumps({"fields": fields}).encode()))
    assert not KIND.is_blank(KIND.parse_answer(spec, b'{"fields": {"pick": "x"}}'))


def test_feedback_explains_every_field() -> None:
    """Every field has a part with what was typed, what was expected and why."""
    score = graded({"a": "林知夏", "b": "面馆", "pick": "x", "e": "无"})
    assert [(part.given, part.expected, part.verdict) for part in score.parts] == [
        ("林知夏", "林知夏", Verdict.RIGHT),
        ("面馆", "云溪市南乔面馆", Verdict.WRONG),
        ("未填", "2026-09-18", Verdict.MISSED),
        ("未填", "99010119850615002X", Verdict.MISSED),
        ("类x", "类y", Verdict.WRONG),
        ("无", "应留空", Verdict.WRONG),
    ]
    assert all(part.why for part in score.parts)
    assert score.measures == (("填对", "1/6 项"), ("计分", "内容不同的填写项至少填对 2 个才计分"))
    assert graded(RIGHT).parts[-1].given == "未填"


def test_words_of_an_answer() -> None:
    """Entries are shown as they were typed, choices by their text."""
    spec, _ = parsed(small(), SMALL_KEY)
    answer = KIND.parse_answer(spec, json.dumps({"fields": {"a": "ＬＩＮ", "pick": "z"}}).encode())
    assert [line.given for line in KIND.lines(spec, answer)] == ["ＬＩＮ", "未填", "未填", "未填", "类z", "未填"]
    assert {line.given for line in KIND.lines(spec, None)} == {"未填"}


@pytest.mark.parametrize(
    "answer",
    [
        {"fields": {"zzz": "x"}},
        {"fields": {"a": 1}},
        {"fields": {"a": None}},
        {"fields": {"a": "长" * 201}},
        {"fields": {"pick": "类y"}},
        {"fields": {f"f{n}": "" for n in range(21)}},
        {"fields": []},
        {"entries": {}},
        "all",
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answer: Any) -> None:
    """Unknown fields and options, other types and endless texts are a format error, not a wrong answer."""
    spec, _ = parsed(small(), SMALL_KEY)
    with pytest.raises(AnswerError, match="作答内容"):
        KIND.parse_answer(spec, msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("fields", 1, "id"), "code", "字段编号“code”出现了 2 次"),
        (("document", 1, "id"), "t1", "材料行编号“t1”"),
        (("rows", 0, "cells"), {"name": "x"}, "行 r1 缺少列"),
        (("fields", 4, "options"), [], "字段 item：input 是 select"),
        (("fields", 4, "options"), [{"id": "i3", "text": "经营场所"}], "字段 item：input 是 select"),
        (("fields", 0, "options"), [{"id": "x", "text": "甲"}], "字段 code：input 是 select"),
        (("fields", 4, "options", 1, "id"), "i1", "字段 item 的选项编号“i1”"),
    ],
)
def test_faults_of_a_data_file(path: tuple[Any, ...], value: Any, named: str) -> None:
    """What cannot be shown or filled in is found before release, with its entry and the cure."""
    data = copy.deepcopy(CHANGE)
    spot: Any = data
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    assert any(named in fault for fault in KIND.faults(msgspec.convert(data, FormSpec)))


def test_a_form_without_a_document_is_a_fault() -> None:
    """There must be something to read."""
    spec = msgspec.convert(small(document=[]), FormSpec)
    assert any("没有可录入的材料" in fault for fault in KIND.faults(spec))


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("code", None, "缺少字段 code"),
        ("nope", {"accept": ["x"], "why": "。"}, "字段“nope”不在题目里"),
        ("name", {"accept": ["x"]}, "why"),
        ("name", {"accept": ["x"], "why": ""}, "内容太少"),
        ("name", {"why": "。"}, "字段 name：请写 accept"),
        ("name", {"accept": ["x"], "blank": True, "why": "。"}, "字段 name：请写 accept"),
        ("name", {"blank": True, "why": "。"}, "字段 name 应留空，却标了 required"),
        ("name", {"accept": ["　"], "why": "。"}, "字段 name 的 accept 里有空内容"),
        ("name", {"accept": ["x"], "why": "。", "weight": 0}, "weight"),
        ("item", {"accept": ["经营场所"], "why": "。"}, "字段 item 的选项“经营场所”"),
        ("since", {"accept": ["去年"], "why": "。"}, "“去年”不是日期"),
        ("id", {"accept": ["99010119850615002"], "why": "。"}, "位数或字符不符合 id_no"),
        ("code", {"accept": ["9299"], "why": "。"}, "位数或字符不符合 uscc"),
        ("back", {"accept": ["二"], "why": "。"}, "位数或字符不符合 digits"),
        ("post", {"accept": ["9901022"], "why": "。"}, "比 max_length 6 还长"),
    ],
)
def test_faults_of_a_key(field: str, value: Any, named: str) -> None:
    """A key that nobody could meet is refused by name."""
    key = copy.deepcopy(CHANGE_KEY)
    if value is None:
        del key["fields"][field]
    else:
        key["fields"][field] = value
    with pytest.raises(DataError, match=named):
        KIND.parse_key(msgspec.convert(CHANGE, FormSpec), key)


def test_a_form_that_one_text_would_fill_is_refused() -> None:
    """At least two fields must ask for different texts."""
    data = small(fields=[{"id": "a", "text": "甲"}, {"id": "b", "text": "乙"}])
    key = {"fields": {"a": {"accept": ["同"], "why": "。"}, "b": {"accept": [" 同 "], "why": "。"}}}
    with pytest.raises(DataError, match="至少要有 2 个"):
        KIND.parse_key(msgspec.convert(data, FormSpec), key)


def test_two_fields_are_all_or_nothing() -> None:
    """With two typed fields nothing lies between, and the sample says so by being the wrong one."""
    data = small(fields=[{"id": "a", "text": "甲"}, {"id": "b", "text": "乙"}])
    key = {"fields": {"a": {"accept": ["一"], "why": "。"}, "b": {"accept": ["二"], "why": "。"}}}
    samples = KIND.samples(*parsed(data, key))
    assert samples.partly == samples.wrong


ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(["", "林知夏", "同上", RIGHT[name]]) for name in ("a", "b", "day", "no")},
        "pick": st.sampled_from(["", "x", "y", "z"]),
        "e": st.sampled_from(["", "无", "林知夏"]),
    },
)


@PROPERTY
@given(ENTRIES)
def test_scores_stay_between_0_and_1_and_rise_with_every_right_field(fields: dict[str, str]) -> None:
    """Making one field right never costs, making one wrong never pays."""
    score = graded(fields).fraction
    assert 0.0 <= score <= 1.0
    for name in [*RIGHT, "e"]:
        assert graded({**fields, name: RIGHT.get(name, "")}).fraction >= score
        wrong = "x" if name == "pick" else "不对"
        assert graded({**fields, name: wrong}).fraction <= score


@PROPERTY
@given(st.text(max_size=30))
def test_one_text_everywhere_is_worth_nothing(text: str) -> None:
    """Whatever the text, in every typed field it earns nothing."""
    spec, key = parsed(CHANGE, CHANGE_KEY)
    for entry in (text, *(accepted for field in key.fields.values() for accepted in field.accept)):
        fields = {field.id: entry for field in spec.fields if field.input != "select"} | {"item": "i3"}
        assert graded(fields, (spec, key)).fraction == 0.0


def test_guessing_does_not_pay() -> None:
    """Copying lines of the document blindly earns next to nothing."""
    spec, key = parsed(CHANGE, CHANGE_KEY)
    dice = random.Random(1)
    scores = [graded(KIND.random_answer(spec, dice)["fields"], (spec, key)).fraction for _ in range(200)]
    assert sum(scores) / len(scores) < 0.05
