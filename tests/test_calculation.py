"""计算: exact numbers with tolerance and unit, days, conclusions, and half for what follows from a slip."""

from __future__ import annotations

import copy
import json
import random
from datetime import date
from typing import Any

import msgspec
import pytest
from building import REPO
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import samples

from widgets.calculation import Calculation, CalculationKey, CalculationSpec
from widgets.kind import AnswerError
from widgets.score import Score, Verdict
from widgets.spec import DataError
from widgets.workdays import add_workdays, read_table

SAMPLES = samples("calculation")
DATES, DATES_KEY = SAMPLES["calculation-dates"]
NUMBERS, NUMBERS_KEY = SAMPLES["calculation-numbers"]

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = Calculation()

Pair = tuple[CalculationSpec, CalculationKey]

SMALL: dict[str, Any] = {
    "kind": "calculation",
    "title": "题目",
    "prompt": "要求",
    "source": ["依据"],
    "blanks": [
        {
            "id": "n",
            "text": "比例",
            "answer": "number",
            "units": [{"id": "pct", "text": "%"}, {"id": "pp", "text": "个百分点"}],
        },
        {"id": "day", "text": "到期日", "answer": "date"},
        {"id": "next", "text": "延期到", "answer": "date"},
        {"id": "plain", "text": "总分", "answer": "number"},
        {"id": "pick", "text": "结论", "answer": "choice", "options": [{"id": x, "text": f"结论{x}"} for x in "xyz"]},
    ],
}
SMALL_KEY: dict[str, Any] = {
    "blanks": {
        "n": {"value": "81.9", "tolerance": "0.05", "unit": "pct", "why": "算式。"},
        "day": {"value": "2026-10-22", "why": "算式。"},
        "next": {"value": "2026-11-05", "follow": {"day": ["2026-11-04", "2026-11-09"]}, "why": "算式。"},
        "plain": {"value": "1,234.5", "weight": 2, "why": "算式。"},
        "pick": {"value": "y", "why": "推论。"},
    }
}
TOTAL = 6
RIGHT: dict[str, Any] = {
    "n": {"value": "81.9", "unit": "pct"},
    "day": {"value": "2026-10-22"},
    "next": {"value": "2026-11-05"},
    "plain": {"value": "1234.5"},
    "pick": {"value": "y"},
}


def parsed(data: dict[str, Any], key: dict[str, Any]) -> Pair:
    """Parse a data file and its key as the kit does."""
    spec = msgspec.convert(data, CalculationSpec)
    assert list(KIND.faults(spec)) == []
    return spec, KIND.parse_key(spec, key)


def graded(blanks: dict[str, Any], of: Pair | None = None) -> Score:
    """Grade an answer given as JSON values."""
    spec, key = of or parsed(SMALL, SMALL_KEY)
    return KIND.grade(spec, KIND.parse_answer(spec, json.dumps({"blanks": blanks}).encode()), key)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_prove_the_sample_exercises(name: str) -> None:
    """The key scores 1, wrong values 0, one wrong value between, one number everywhere 0, malformed ones are refused."""
    spec, key = parsed(*SAMPLES[name])
    samples = KIND.samples(spec, key)
    assert graded(samples.right["blanks"], (spec, key)).fraction == 1.0
    assert graded(samples.wrong["blanks"], (spec, key)).fraction == 0.0
    assert 0 < graded(samples.partly["blanks"], (spec, key)).fraction < 1
    assert graded(samples.everything["blanks"], (spec, key)).fraction == 0.0
    for answer in samples.malformed:
        with pytest.raises(AnswerError, match="作答内容"):
            KIND.parse_answer(spec, msgspec.json.encode(answer))


def test_the_sample_dates_follow_from_the_holiday_table() -> None:
    """The sample's key is what the working-day arithmetic says, and so are the slips that it foresees."""
    table = read_table((REPO / "config" / "holidays-2025-2026.csv").read_text("utf-8"))
    start, keys = date(2026, 9, 18), DATES_KEY["blanks"]
    decide = add_workdays(start, 20, table)
    assert keys["notice"]["value"] == add_workdays(start, 5, table).isoformat()
    assert keys["decide"]["value"] == decide.isoformat()
    assert keys["extend"]["value"] == add_workdays(decide, 10, table).isoformat()
    assert keys["span"]["value"] == str((decide - start).days)
    counted_from_the_day_itself = add_workdays(add_workdays(start, 19, table), 10, table)
    moved_days_forgotten = add_workdays(add_workdays(start, 22, table), 10, table)
    assert keys["extend"]["follow"]["decide"][0] == counted_from_the_day_itself.isoformat()
    assert keys["extend"]["follow"]["decide"][1] == moved_days_forgotten.isoformat()
    assert add_workdays(decide, 1, table) == date(2026, 10, 23)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 6),
        ({"n": {"value": "８１．９", "unit": "pct"}}, 6),
        ({"n": {"value": "81.9%", "unit": "pct"}}, 6),
        ({"n": {"value": "81.95", "unit": "pct"}}, 6),
        ({"n": {"value": "81.85", "unit": "pct"}}, 6),
        ({"n": {"value": "81.951", "unit": "pct"}}, 5),
        ({"n": {"value": "81.9", "unit": "pp"}}, 5.5),
        ({"n": {"value": "81.9"}}, 5.5),
        ({"n": {"value": "81.9%", "unit": "pp"}}, 5),
        ({"n": {"value": "81.9%"}}, 5),
        ({"n": {"value": "0.819", "unit": "pct"}}, 5),
        ({"n": {"value": "", "unit": "pct"}}, 5),
        ({"day": {"value": "2026年10月22日"}}, 6),
        ({"day": {"value": "10-22"}}, 5),
        ({"plain": {"value": "1，234.50"}}, 6),
        ({"plain": {"value": "1234.4999"}}, 4),
        ({"plain": {"value": "1234.5 分"}}, 4),
        ({"plain": {"value": "NaN"}}, 4),
        ({"plain": {"value": "Infinity"}}, 4),
        ({"plain": {"value": "1e999"}}, 4),
        ({"pick": {"value": "x"}}, 5),
    ],
)
def test_each_blank_earns_its_weight(changes: dict[str, Any], expected: float) -> None:
    """Values count within the tolerance, a wrong unit halves, and what is no number is wrong, never an error."""
    assert graded({**RIGHT, **changes}).fraction == pytest.approx(expected / TOTAL, abs=1e-12)


@pytest.mark.parametrize(
    ("day", "then", "expected"),
    [
        ("2026-10-21", "2026-11-04", 0.5),
        ("", "2026-11-04", 0.5),
        ("2026-10-21", "2026-11-09", 0.5),
        ("2026-10-21", "2026-11-05", 1),
        ("2026-10-21", "2026-11-06", 0),
        ("2026-10-22", "2026-11-04", 1),
        ("2026-10-22", "2026-11-05", 2),
    ],
)
def test_what_follows_from_a_slip_counts_half(day: str, then: str, expected: float) -> None:
    """The foreseen result of a slip earns half while the earlier blank is not right, and nothing once it is."""
    assert graded({"day": {"value": day}, "next": {"value": then}}).fraction == pytest.approx(expected / TOTAL)


def test_a_conclusion_counts_only_with_a_calculation() -> None:
    """A conclusion alone is a guess; with any number or day right it counts."""
    assert graded({"pick": {"value": "y"}}).fraction == 0.0
    assert graded({"pick": {"value": "y"}, "plain": {"value": "1"}}).fraction == 0.0
    assert graded({"pick": {"value": "y"}, "day": {"value": "20261022"}}).fraction == 2 / TOTAL
    assert dict(graded({"pick": {"value": "y"}}).measures)["计分"].startswith("至少算对一个")


def test_a_blank_answer() -> None:
    """Nothing, spaces, or a unit without a value is no answer."""
    spec, _ = parsed(SMALL, SMALL_KEY)
    nothing: list[dict[str, Any]] = [{}, {"n": {}}, {"n": {"value": " ", "unit": "pp"}}]
    for blanks in nothing:
        assert KIND.is_blank(KIND.parse_answer(spec, json.dumps({"blanks": blanks}).encode()))
    assert not KIND.is_blank(KIND.parse_answer(spec, b'{"blanks": {"pick": {"value": "x"}}}'))


def test_feedback_shows_the_solution() -> None:
    """Every blank has a part with value and unit, tolerance, verdict and the way to the result."""
    blanks = {
        "n": {"value": "81.9"},
        "day": {"value": "2026-10-21"},
        "next": {"value": "2026-11-04"},
        "plain": {"value": "x"},
    }
    parts = graded(blanks).parts
    assert [(part.given, part.expected, part.verdict) for part in parts] == [
        ("81.9 （未选单位）", "81.9 %（误差不超过 0.05）", Verdict.PARTLY),
        ("2026-10-21", "2026-10-22", Verdict.WRONG),
        ("2026-11-04", "2026-11-05", Verdict.PARTLY),
        ("x", "1,234.5", Verdict.WRONG),
        ("未填", "结论y", Verdict.MISSED),
    ]
    assert [part.why for part in parts] == [
        "算式。",
        "算式。",
        "前面算错了，这一步的算法对，得一半。算式。",
        "算式。",
        "推论。",
    ]


def test_words_of_an_answer() -> None:
    """Values are shown as they were typed, with the unit chosen."""
    spec, _ = parsed(SMALL, SMALL_KEY)
    answer = KIND.parse_answer(
        spec, json.dumps({"blanks": {"n": {"value": "８２", "unit": "pp"}, "pick": {"value": "z"}}}).encode()
    )
    assert [line.given for line in KIND.lines(spec, answer)] == ["８２ 个百分点", "未填", "未填", "未填", "结论z"]
    assert {line.given for line in KIND.lines(spec, None)} == {"未填"}


@pytest.mark.parametrize(
    "answer",
    [
        {"blanks": {"zzz": {"value": "1"}}},
        {"blanks": {"n": {"value": 81.9}}},
        {"blanks": {"n": {"value": "1" * 201}}},
        {"blanks": {"n": {"value": "1", "unit": "kg"}}},
        {"blanks": {"day": {"value": "1", "unit": "pct"}}},
        {"blanks": {"pick": {"value": "结论y"}}},
        {"blanks": {"n": {"value": "1", "tolerance": "9"}}},
        {"blanks": [1]},
        {"answers": {}},
        None,
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answer: Any) -> None:
    """Unknown blanks, units and options and other types are a format error, not a wrong answer."""
    spec, _ = parsed(SMALL, SMALL_KEY)
    with pytest.raises(AnswerError, match="作答内容"):
        KIND.parse_answer(spec, msgspec.json.encode(answer))


def changed(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Copy *data* with another value at *path*; None removes it."""
    data = copy.deepcopy(data)
    spot: Any = data
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    if value is None:
        del spot[path[-1]]
    return data


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("blanks", 1, "id"), "n", "填空编号“n”出现了 2 次"),
        (("blanks", 0, "units"), [{"id": "pct", "text": "%"}], "填空 n：只有一个单位"),
        (("blanks", 0, "units"), [{"id": "pct", "text": "%"}, {"id": "pct", "text": "倍"}], "填空 n 的单位编号“pct”"),
        (("blanks", 1, "units"), [{"id": "x", "text": "天"}, {"id": "y", "text": "月"}], "填空 day：只有 number"),
        (("blanks", 1, "decimals"), 1, "填空 day：只有 number"),
        (("blanks", 4, "options"), [], "填空 pick：answer 是 choice"),
        (("blanks", 4, "options"), [{"id": "y", "text": "甲"}], "填空 pick：answer 是 choice"),
        (("blanks", 0, "options"), [{"id": "y", "text": "甲"}], "填空 n：answer 是 choice"),
        (("blanks",), [SMALL["blanks"][4]], "全部填空都是选择"),
        (("rows",), [{"id": "r1", "cells": {"x": "1"}}], "行 r1 的列"),
    ],
)
def test_faults_of_a_data_file(path: tuple[Any, ...], value: Any, named: str) -> None:
    """Blanks that cannot be answered, or only guessed, are found before release."""
    spec = msgspec.convert(changed(SMALL, path, value), CalculationSpec)
    assert any(named in fault for fault in KIND.faults(spec))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("blanks", "day"), None, "缺少填空 day"),
        (("blanks", "nope"), {"value": "1", "why": "。"}, "填空“nope”不在题目里"),
        (("blanks", "n", "why"), "", "内容太少"),
        (("blanks", "n", "value"), "八成", "填空 n 的 value“八成”读不出来"),
        (("blanks", "n", "value"), "1e999", "读不出来"),
        (("blanks", "day", "value"), "2026-02-30", "填空 day 的 value“2026-02-30”读不出来"),
        (("blanks", "pick", "value"), "w", "填空 pick 的选项“w”"),
        (("blanks", "n", "tolerance"), "-1", "填空 n 的 tolerance"),
        (("blanks", "n", "tolerance"), "约", "填空 n 的 tolerance"),
        (("blanks", "n", "tolerance"), "81.9", "填 0 也算对"),
        (("blanks", "day", "tolerance"), "1", "填空 day 的 tolerance"),
        (("blanks", "n", "unit"), None, "填空 n 的 unit 与题目不一致"),
        (("blanks", "day", "unit"), "pct", "填空 day 的 unit 与题目不一致"),
        (("blanks", "n", "unit"), "kg", "填空 n 的单位“kg”"),
        (("blanks", "n", "weight"), -1, "weight"),
        (("blanks", "day", "follow"), {"next": ["2026-11-01"]}, "“next”不是"),
        (("blanks", "next", "follow"), {"pick": ["2026-11-01"]}, "“pick”不是"),
        (("blanks", "plain", "follow"), {"next": ["1"]}, "“next”不是"),
        (("blanks", "pick", "follow"), {"n": ["x"]}, "填空 pick 的 follow"),
        (("blanks", "next", "follow"), {"day": ["明天"]}, "“明天”读不出来"),
        (("blanks", "next", "follow"), {"day": ["2026年11月5日"]}, "本来就对"),
        (("blanks", "next", "weight"), 1.5, "权重之和超过 day 自己的权重"),
        (("blanks", "plain", "follow"), {"day": ["1"]}, "权重之和超过 day 自己的权重"),
    ],
)
def test_faults_of_a_key(path: tuple[Any, ...], value: Any, named: str) -> None:
    """A key that cannot be read, met, or that would make a slip pay, is refused by name."""
    with pytest.raises(DataError, match=named):
        KIND.parse_key(msgspec.convert(SMALL, CalculationSpec), changed(SMALL_KEY, path, value))


def test_shuffling_moves_conclusions_only() -> None:
    """Conclusions come in another order for another trainee; blanks and units stay."""
    spec, _ = parsed(NUMBERS, NUMBERS_KEY)
    orders = {tuple(o.id for o in KIND.shuffled(spec, random.Random(n)).blanks[4].options) for n in range(20)}
    assert len(orders) > 5
    assert all(sorted(order) == ["p1", "p2", "p3", "p4"] for order in orders)
    mixed = KIND.shuffled(spec, random.Random(1))
    assert [blank.id for blank in mixed.blanks] == [blank.id for blank in spec.blanks]
    assert mixed.blanks[0].units == spec.blanks[0].units


def test_a_single_number_can_be_half_right_by_its_unit() -> None:
    """Where nothing else lies between, the wrong unit does."""
    data = {**SMALL, "blanks": SMALL["blanks"][:1]}
    of = parsed(data, {"blanks": {"n": SMALL_KEY["blanks"]["n"]}})
    assert graded(KIND.samples(*of).partly["blanks"], of).fraction == 0.5


def test_a_zero_does_not_fill_the_sheet() -> None:
    """Where 0 is right somewhere, the one number everywhere is another."""
    data = {**SMALL, "blanks": [{"id": "z", "text": "差额", "answer": "number"}]}
    of = parsed(data, {"blanks": {"z": {"value": "0", "tolerance": "0", "why": "相等。"}}})
    samples = KIND.samples(*of)
    assert graded(samples.everything["blanks"], of).fraction == 0.0
    assert samples.partly == samples.wrong


VALUES = {
    "n": st.fixed_dictionaries(
        {"value": st.sampled_from(["", "81.9", "81.9%", "80", "NaN"])},
        optional={"unit": st.sampled_from(["pct", "pp", None])},
    ),
    "day": st.fixed_dictionaries({"value": st.sampled_from(["", "2026-10-22", "2026-10-21", "2026年10月22日"])}),
    "next": st.fixed_dictionaries({"value": st.sampled_from(["", "2026-11-05", "2026-11-04", "2026-11-06"])}),
    "plain": st.fixed_dictionaries({"value": st.sampled_from(["", "1234.5", "1,234.5", "1"])}),
    "pick": st.fixed_dictionaries({"value": st.sampled_from(["", "x", "y"])}),
}
ANSWERS = st.fixed_dictionaries({}, optional=VALUES)


@PROPERTY
@given(ANSWERS)
def test_scores_stay_between_0_and_1_and_rise_with_every_right_blank(blanks: dict[str, Any]) -> None:
    """Making one blank right never costs, making an empty one wrong never pays."""
    score = graded(blanks).fraction
    assert 0.0 <= score <= 1.0
    for name, right in RIGHT.items():
        assert graded({**blanks, name: right}).fraction >= score - 1e-12
        assert graded({**blanks, name: {**blanks.get(name, {}), "value": right["value"]}}).fraction >= score - 1e-12
        if not blanks.get(name, {}).get("value"):
            assert graded({**blanks, name: {"value": "x" if name == "pick" else "7"}}).fraction <= score + 1e-12


@PROPERTY
@given(st.text(max_size=40))
def test_any_text_in_any_blank_is_graded(text: str) -> None:
    """Whatever is typed into a number or a day is scored without an error."""
    score = graded({name: {"value": text} for name in ("n", "day", "next", "plain")})
    assert 0.0 <= score.fraction <= 1.0
    assert all(part.item and part.given and part.expected for part in score.parts)


@pytest.mark.parametrize(("data", "key"), [(DATES, DATES_KEY), (NUMBERS, NUMBERS_KEY)])
def test_guessing_does_not_pay(data: dict[str, Any], key: dict[str, Any]) -> None:
    """Random numbers and days earn next to nothing."""
    of = parsed(data, key)
    dice = random.Random(1)
    scores = [graded(KIND.random_answer(of[0], dice)["blanks"], of).fraction for _ in range(200)]
    assert sum(scores) / len(scores) < 0.05
