"""情景演练: what is refused in data files and keys before anybody walks, by name and with its cure."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from stories import KIND, SMALL, SMALL_KEY, end, node, option, worth

from widgets import ways
from widgets.drill import ScenarioKey
from widgets.scenario import ScenarioSpec
from widgets.spec import DataError


def changed(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of *data* with values put at places such as "nodes/n1/options/0/to"; None deletes."""
    data = deepcopy(data)
    for place, value in changes.items():
        *outer, last = place.split("|")
        inner: Any = data
        for name in outer:
            inner = inner[int(name) if isinstance(inner, list) else name]
        if value is None:
            del inner[last]
        else:
            inner[int(last) if isinstance(inner, list) else last] = value
    return data


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"start": "n9"}, "开头节点 start“n9”不在题目里"),
        ({"start": "e1"}, "开头节点 start“e1”"),
        ({"nodes|n1|options|0|to": "n9"}, "节点“n1”的去向“n9”"),
        ({"nodes|n3|on_timeout": "n9"}, "节点“n3”的超时去向“n9”"),
        ({"nodes|n3|on_timeout": None}, "节点“n3”的时限"),
        ({"nodes|n3|time_limit_s": None}, "节点“n3”的时限"),
        ({"nodes|n1|options|0|id": "a"}, "节点“n1”的选项编号“a”出现了 2 次"),
        ({"ends|n1": end()}, "节点或结局编号“n1”出现了 2 次"),
        ({"nodes|n1|options|0|text": "  "}, "选项“n1/b”的 text"),
        ({"nodes|n1|options|0|consequence": " "}, "选项“n1/b”的 text 或 consequence"),
        ({"nodes|n1|say": " "}, "节点“n1”的 stage 或 say"),
        ({"ends|e1|text": " "}, "结局“e1”没有文字"),
        ({"nodes|n1|options|0|set": {"queue": 1}}, "选项“n1/b”改动的变量“queue”"),
        ({"nodes|n2|options|2|guard": "queue == 0"}, "变量“queue”没有在 vars 里写明"),
        ({"nodes|n2|options|2|guard": "patience = 0"}, "选项“n2/c”：条件“patience = 0”写法有误"),
        ({"vars": {"patience": 1, "if": 1}}, "变量名“if”"),
        ({"show_vars": [{"id": "queue", "text": "等候人数"}]}, "显示的变量“queue”"),
        ({"dimensions": ["程序", "程序"]}, "维度编号“程序”"),
        ({"back": True}, "back"),
        ({"nodes|n4": node(option("a", "e1"))}, "走不到节点“n4”"),
        ({"ends|e3": end()}, "走不到结局“e3”"),
        ({"nodes|n2|options|2|guard": "patience == 7", "nodes|n3|options|0|to": "e1", "nodes|n3|on_timeout": "e1"}, "走不到结局“e2”"),
        ({"nodes|n2|options|1|to": "n1", "nodes|n2|options|2|guard": "patience == 7"}, "节点“n1”有时走不出去"),
        ({"nodes|n2|options|1|guard": "patience == 1", "nodes|n2|options|2|guard": "patience == 1", "nodes|n2|options|0|guard": "patience == 1"}, "节点“n2”有时走不出去（patience=0）"),
        ({"vars": {f"v{n}": 0 for n in range(4)} | {"patience": 1}, "nodes|n2|options|0|set": {"v0": 1}, "nodes|n1|options|0|set": {"v1": 1}, "nodes|n1|options|1|set": {"v2": 1}}, "变量组合太多"),
    ],
)  # fmt: skip
def test_a_faulty_data_file_is_named_with_its_cure(changes: dict[str, Any], named: str) -> None:
    """Unknown names, dead ends, traps under some variables, and texts of nothing are found before anybody walks."""
    spec = msgspec.convert(changed(SMALL, changes), ScenarioSpec)
    assert any(named in fault for fault in KIND.faults(spec)), list(KIND.faults(spec))


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes|n1|options|0|text": ""},
        {"ends|e1|text": ""},
        {"ends|e1|outcome": "perfect"},
        {"vars": {"patience": 100}},
        {"vars": {"Patience": 1}},
        {"nodes|n1|options|0|set": {"patience": 100}},
        {"nodes|n3|time_limit_s": 1},
        {"nodes|n1|options|0|pts": {"程序": 1}},
        {"nodes|n1|options": []},
        {"nodes": {}},
    ],
)
def test_a_data_file_is_bounded_and_holds_no_key(changes: dict[str, Any]) -> None:
    """Bounds of variables, times and texts are types, and points have no place in a data file."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(changed(SMALL, changes), ScenarioSpec)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"weights|沟通": None}, "维度“沟通”没有权重"),
        ({"weights|沟通": 0}, "维度“沟通”没有权重"),
        ({"weights|时效": 1}, "权重的维度“时效”"),
        ({"options|n1/a": None}, "选项 n1/a 没有得分"),
        ({"options|n9/a": worth(1)}, "选项“n9/a”不在题目里"),
        ({"options|n1/a|pts": {"时效": 1}}, "选项“n1/a”得分的维度“时效”"),
        ({"options|n1/a|pts": {"程序": -1}}, "答案键"),
        ({"options|n1/a|pts": {"程序": float("nan")}}, "答案键"),
        ({"options|n1/a|why": ""}, "答案键"),
        ({"decay": [0.5]}, "decay"),
        ({"decay": [1, 0.5, 0.7]}, "decay"),
        ({"decay": []}, "答案键"),
        ({"options|n1/a|severity": "major"}, "节点“n1”得分最高的选项 a 没有标为 ok"),
        ({"options|n3/b": worth(9, 9)}, "“e2”，它的 outcome 不是"),
        ({"options|n3/b": worth(9, 9)}, "好结局“e1”最多只得"),
        ({"options|n3/a|severity": "critical", "options|n3/b|severity": "critical", "options|n2/c|severity": "critical"}, "不越红线就走不到"),
        ({f"options|{name}|pts": {} for name in SMALL_KEY["options"]}, "一分也得不到"),
    ],
)  # fmt: skip
def test_a_faulty_key_is_named_with_its_cure(changes: dict[str, Any], named: str) -> None:
    """Missing points and weights, red lines everywhere, and ends that pay wrongly are refused."""
    spec = msgspec.convert(SMALL, ScenarioSpec)
    key = changed(SMALL_KEY, changes)
    with pytest.raises(DataError, match="答案键") as caught:
        KIND.parse_key(spec, key)
    try:
        faults = list(KIND.key_faults(spec, msgspec.convert(key, ScenarioKey)))
    except msgspec.ValidationError:
        faults = [str(caught.value)]
    assert any(named in fault for fault in faults), faults


def test_taking_the_first_option_each_time_must_not_be_right() -> None:
    """Options stand so that the lazy way is not the best."""
    data = changed(SMALL, {"nodes|n3|options|0": option("a", "e1"), "nodes|n3|options|2": option("b", "e2")})
    data = changed(data, {"nodes|n1|options": SMALL["nodes"]["n1"]["options"][::-1]})
    data["nodes"]["n2"]["options"][:2] = data["nodes"]["n2"]["options"][1::-1]
    spec = msgspec.convert(data, ScenarioSpec)
    assert "每次都选第一项就得满分" in "".join(KIND.key_faults(spec, msgspec.convert(SMALL_KEY, ScenarioKey)))


def test_length_must_not_betray_the_best_option() -> None:
    """Where the best option is the longest at more than 60 % of the nodes, the file is refused."""
    longest = {f"nodes|{name}|options|1|text": "写得特别长的做法" for name in ("n1", "n2")}
    spec = msgspec.convert(changed(SMALL, longest), ScenarioSpec)
    with pytest.raises(DataError, match="字数最多"):
        KIND.parse_key(spec, SMALL_KEY)


def test_waiting_must_not_pay() -> None:
    """A time-out that leads to more points than any option is a fault of the data file."""
    data = changed(SMALL, {"nodes|n1|time_limit_s": 30, "nodes|n1|on_timeout": "n4"})
    data["nodes"]["n4"] = node(option("b", "n2"), option("a", "n2"))
    data["nodes"]["n2"]["options"].append(option("d", "n4", guard="patience == 99"))
    key = SMALL_KEY | {"options": SMALL_KEY["options"] | {"n4/a": worth(9), "n4/b": worth(), "n2/d": worth()}}
    spec = msgspec.convert(data, ScenarioSpec)
    assert list(KIND.faults(spec)) == []
    with pytest.raises(DataError, match="等到超时反而能多得分"):
        KIND.parse_key(spec, key)


def test_too_many_circles_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A story whose best way cannot be found exactly is a fault, not a guess."""
    monkeypatch.setattr(ways, "MAX_MOVES", 2000)
    names = [f"n{n}" for n in range(9)]
    nodes = {name: node(*(option(f"o{to}", to) for to in [*names, "e1"][k % 9 : k % 9 + 4]), option("z", names[k - 1])) for k, name in enumerate(names)}  # fmt: skip
    nodes["n8"] = node(option("a", "e1"), option("b", "n0"))
    spec = msgspec.convert(SMALL | {"nodes": nodes, "ends": {"e1": end()}}, ScenarioSpec)
    options = {f"{name}/{one['id']}": worth(k) for name, n in nodes.items() for k, one in enumerate(n["options"])}
    with pytest.raises(DataError, match="回路太多"):
        KIND.parse_key(spec, SMALL_KEY | {"options": options})
