"""The teacher's guide agrees with the course: minutes, titles, exercises, commands, local rules; it gives no key away."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from building import REPO

from coursekit.check import exercise_names
from coursekit.course import Course
from coursekit.notebooks import read_notebook, text
from widgets.pool import load_pool
from widgets.scenario import CRITICAL_CAP

GUIDE = (REPO / "docs" / "teaching.zh-CN.md").read_text("utf-8")
README = (REPO / "README.zh-CN.md").read_text("utf-8")
COURSE = Course.load(REPO)
MODULES = [f"m{n:02d}" for n in range(1, 13)]
DRILLS = [f"d{n:02d}" for n in range(1, 9)]
EXAMS = ["e01", "e02"]
SEEDS = REPO.parent / "shared" / "seeds"
RUN = 20
#: Shorter texts than this may be in the guide by chance.
KEY = 12
TEACHING, BREAK = 160, 20

_EXERCISE = re.compile(r"\b[a-z]\d\d-[a-z]\d\d\b")


def metadata(assignment: str) -> dict[str, Any] | None:
    """Return what an assignment's notebook says of its title and minutes, None while it is not written."""
    path = COURSE.source / assignment / f"{assignment}.ipynb"
    if not path.exists():
        return None
    found: dict[str, Any] = read_notebook(path)["metadata"]["coursekit"]
    return found


def known(assignment: str) -> dict[str, Any]:
    """Return the metadata of an assignment that must be there."""
    found = metadata(assignment)
    assert found is not None, assignment
    return found


def sections(level: int) -> dict[str, str]:
    """Map the guide's headings of a level to what stands under them, as far as the next heading of it or above."""
    parts = re.split(rf"^(#{{1,{level}}}) (.+)$", GUIDE, flags=re.MULTILINE)[1:]
    found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {heading: body for marks, heading, body in found if len(marks) == level}


def section(start: str, level: int = 2) -> str:
    """Return the one section whose heading starts so."""
    (found,) = (body for heading, body in sections(level).items() if heading.startswith(start))
    return found


def tables(content: str) -> list[list[list[str]]]:
    """Return the tables of a text: rows of cells, the head first, without the rule below it."""
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", content, flags=re.MULTILINE)
    return [
        [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in block.splitlines()
            if not re.fullmatch(r"[|\s-]+", line)
        ]
        for block in blocks
    ]


def table(content: str, *head: str) -> list[dict[str, str]]:
    """Return the rows of the one table whose head starts so, by column."""
    (found,) = (one for one in tables(content) if one[0][: len(head)] == list(head))
    return [dict(zip(found[0], row, strict=True)) for row in found[1:]]


def plain(content: str) -> str:
    """Keep letters and digits."""
    return re.sub(r"[\W_]", "", content)


@pytest.mark.parametrize("assignment", MODULES)
def test_a_module_has_its_section(assignment: str) -> None:
    """Title and minutes are the notebook's; goals, order, drill, 3–4 questions and 3–5 mistakes are given."""
    found = known(assignment)
    body = sections(3)[f"{assignment} {found['title']}（{found['minutes']} 分钟）"]
    facts = {row["项目"]: row["内容"] for row in table(body, "项目", "内容")}
    assert list(facts) == ["目标", "用时", "讲什么（顺序）", "资料里的错误", "配合的演练"]
    assert facts["用时"] == f"{found['minutes']} 分钟"
    assert set(re.findall(r"\bd\d\d\b", facts["配合的演练"])) <= set(DRILLS)
    assert re.search(r"\bd\d\d\b", facts["配合的演练"])
    errors = {int(number) for number in re.findall(r"\bE(\d+)", facts["资料里的错误"])}
    assert errors <= set(range(1, 37))
    assert 3 <= len(table(body, "讨论问题", "引导方向")) <= 4
    mistakes = table(body, "练习", "学员常错在哪里", "怎样点拨")
    assert 3 <= len(mistakes) <= 5
    assert all(row["练习"].startswith(f"`{assignment}-") for row in mistakes)


@pytest.mark.parametrize("drill", DRILLS)
def test_a_drill_is_listed(drill: str) -> None:
    """Every drill is in the table with its title and minutes, as soon as it is written the notebook's."""
    (row,) = (row for row in table(section("五、"), "演练", "名称", "分钟") if row["演练"] == drill)
    assert row["名称"]
    assert set(re.findall(r"m\d\d", row["跟着哪个单元"])) <= set(MODULES)
    if found := metadata(drill):
        assert row["名称"] == found["title"].split("：")[-1]
        assert int(row["分钟"]) == found["minutes"]


def test_modules_and_drills_name_each_other() -> None:
    """A drill that a module's section names is listed as that module's, and the other way round."""
    listed = {
        (drill["演练"], module)
        for drill in table(section("五、"), "演练", "名称", "分钟")
        for module in re.findall(r"m\d\d", drill["跟着哪个单元"])
    }
    named = {
        (drill, heading[:3])
        for heading, body in sections(3).items()
        if heading[:3] in MODULES
        for drill in re.findall(r"\bd\d\d\b", body)
    }
    assert listed == named


def test_examinations_are_described() -> None:
    """Title, minutes, questions, points and the line each of them must reach are those of the course."""
    rules = COURSE.settings.evaluation
    (head, *rows) = next(one for one in tables(section("六、")) if one[0][0] == "")
    assert head[1:] == [f"{exam} {known(exam)['title']}" for exam in EXAMS]
    facts = {row[0]: row[1:] for row in rows}
    assert facts["时间"] == [f"{known(exam)['minutes']} 分钟" for exam in EXAMS]
    assert facts["单项线（本中心规定）"] == [f"{rules.floors[name]} 分" for name in ("theory", "practical")]
    theory, practical = (len(exercise_names(COURSE.source / exam)) for exam in EXAMS)
    assert f"{theory} 题，每题 {100 // theory} 分" in facts["题目"][0]
    assert f"{practical} 道大题" in facts["题目"][1]


def test_every_exercise_that_is_named_exists() -> None:
    """Ids are of exercises in the modules, with the name that trainees see; exam items are never named."""
    there = {name for module in MODULES for name in exercise_names(COURSE.source / module)}
    named = set(_EXERCISE.findall(GUIDE))
    assert named - there == set()
    shown = re.findall(r"`([a-z]\d\d-[a-z]\d\d)` ([^；|]+?)(?= ?[；|])", GUIDE)
    assert {name for name, _ in shown} == named
    for name, label in shown:
        title = next(iter(load_pool(COURSE.source / name[:3], name).specs.values())).title
        assert label.strip() == title.split("：")[0], name


def _minutes(clock: tuple[str, str]) -> int:
    """Return how long a stretch of the day is."""
    start, end = (datetime.strptime(one, "%H:%M") for one in clock)  # noqa: DTZ007  a time of day
    return (end - start) // timedelta(minutes=1)


def test_the_two_weeks_fit_the_opening_hours() -> None:
    """Twenty half days; each adds up and fits; every module, drill and examination is in once, with its minutes."""
    hours = COURSE.settings.policy.hours
    room = {"上午": _minutes(hours.morning), "下午": _minutes(hours.afternoon)}
    lesson = int(table(section("一堂演练课", 3), "环节", "分钟", "做什么")[-1]["分钟"])
    rows = table(section("二、"), "半天", "安排（分钟）", "合计")
    assert [row["半天"] for row in rows] == [f"第 {day} 天{half}" for day in range(1, 11) for half in room]
    seen: list[str] = []
    for row in rows:
        items = [re.fullmatch(r"(.+?) (\d+)", item) for item in row["安排（分钟）"].split("；")]
        spent = [(item[1], int(item[2])) for item in items if item]
        assert len(spent) == len(items), row["半天"]
        assert sum(minutes for _, minutes in spent) == int(row["合计"]) <= room[row["半天"][-2:]], row["半天"]
        assert any(name == "休息" for name, _ in spent), row["半天"]
        for name, minutes in spent:
            for assignment in re.findall(r"\b[mde]\d\d\b", name):
                seen.append(assignment)
                if assignment in DRILLS:
                    assert (name, minutes) == (f"演练课 {assignment}", lesson)
                else:
                    found = known(assignment)
                    assert (name, minutes) == (f"{assignment} {found['title']}", found["minutes"])
    assert sorted(seen) == sorted([*MODULES, *DRILLS, *EXAMS])


def test_retraining_takes_the_days_of_the_course() -> None:
    """The plan has a row for each day that the centre requires."""
    days = COURSE.settings.evaluation.retraining_days
    assert [row["天"] for row in table(section("二、"), "天")] == [f"第 {day} 天" for day in range(1, days + 1)]
    assert f"强化培训 {days} 天" in section("二、")


def test_the_half_day_is_three_hours() -> None:
    """160 minutes of teaching and 20 of breaks without gaps from 9 to 12; the shares are of the teaching."""
    *rows, total = table(section("三、"), "时段", "内容", "分钟")
    clocks = [tuple(row["时段"].split("–")) for row in rows]
    assert clocks[0][0] == "09:00"
    assert clocks[-1][-1] == "12:00"
    assert [one[1] for one in clocks[:-1]] == [one[0] for one in clocks[1:]]
    assert [_minutes((one[0], one[1])) for one in clocks] == [int(row["分钟"]) for row in rows]
    breaks = [int(row["分钟"]) for row in rows if row["内容"] == "休息"]
    lessons = [row for row in rows if row["内容"] != "休息"]
    assert sum(breaks) == BREAK
    assert sum(int(row["分钟"]) for row in lessons) == TEACHING
    assert int(total["分钟"]) == TEACHING + BREAK
    for row in lessons:
        assert float(row["占教学"].rstrip("%")) == 100 * int(row["分钟"]) / TEACHING
        if parts := re.findall(r"[讲题论] (\d+)", row["怎么用"]):
            assert sum(map(int, parts)) == int(row["分钟"])
            assert re.search(r"\bm\d\d\b", row["用课程的哪一部分"])


def test_tables_with_a_total_add_up() -> None:
    """Where a table of minutes ends in a total, it is the sum; a vote takes as long as a drill."""
    checked = 0
    for head, *rows in tables(section("五、")):
        if "分钟" in head and rows[-1][0] == "合计":
            at = head.index("分钟")
            assert sum(int(row[at]) for row in rows[:-1]) == int(rows[-1][at])
            checked += 1
    assert checked == 3
    lesson = {row["环节"]: int(row["分钟"]) for row in table(section("一堂演练课", 3), "环节", "分钟", "做什么")}
    vote = int(table(section("一处表决", 3), "步骤", "分钟")[-1]["分钟"])
    assert lesson["三处表决，每处 7 分钟"] == 3 * vote
    listed = {int(row["分钟"]) for row in table(section("五、"), "演练", "名称", "分钟")}
    assert listed == {lesson["各自走一遍"]} == {vote}
    groups = int(table(section("第 9 天下午", 3), "环节", "分钟")[-1]["分钟"])
    assert f"10 组，每组 3 人，一组 {groups} 分钟，共 {10 * groups} 分钟" in GUIDE
    assert f"现场演练 10 组 {10 * groups}" in GUIDE


def test_the_observer_s_rubric_has_four_criteria() -> None:
    """The criteria are those by which the drills are scored."""
    rows = table(section("观察员评分表", 3), "项目", "0 分", "2 分", "4 分")
    assert [row["项目"] for row in rows] == ["程序", "沟通", "时效", "依法"]
    assert f"最多得 {round(100 * CRITICAL_CAP)} 分" in section("五、")


def test_the_commands_are_the_readme_s() -> None:
    """Only commands that the README explains."""
    told = set(re.findall(r"`coursekit (\w+)", README))
    used = set(re.findall(r"coursekit (?=[a-z])(\w+)", GUIDE))
    assert used - told == set()
    assert {"check", "demo", "policy", "resit", "release", "collect", "status", "grade", "regrade", "feedback"} <= used


def test_local_rules_are_those_of_the_course() -> None:
    """The table of the centre's rules and the final mark repeat course.toml."""
    policy, rules = COURSE.settings.policy, COURSE.settings.evaluation
    weights, floors = (
        [one[name] for name in ("theory", "practical", "scenario")] for one in (rules.weights, rules.floors)
    )
    expected = {
        "工作时间": "，".join("–".join(one) for one in (policy.hours.morning, policy.hours.afternoon)),
        "提前交换文件要备案": f"超过 {policy.attendance.record_minutes} 分钟",
        "迟到早退计旷工半天": f"当月达到 {policy.attendance.late_times} 次",
        "擅自离岗计旷工半天": f"超过 {policy.attendance.away_hours} 小时",
        "投诉：联系、答复": f"{policy.complaints.accept_days} 个、{policy.complaints.answer_days} 个工作日内",
        "实名差评：核实、整改": f"{policy.ratings.contact_days} 个、{policy.ratings.improve_days} 个工作日内",
        "复印、邮寄": f"每页 {policy.fees.copy:g} 元，前 {policy.fees.copy_free} 页免费；邮寄每次 {policy.fees.post:g} 元",
        "容缺补齐": f"{policy.tolerance_days} 个工作日内",
        "换领身份证的承诺": f"{policy.id_card_days} 个工作日",
        "权重、总评线、单项线": f"{'／'.join(map(str, weights))}；{rules.pass_mark}；{'／'.join(map(str, floors))}",
        "强化培训": f"{rules.retraining_days} 天",
    }
    assert {row["规定"]: row["样例中心"] for row in table(section("八、"), "规定", "样例中心")} == expected
    marks = table(section("总评", 3), "部分", "由什么得来", "权重", "单项线")
    assert [row["权重"] for row in marks] == [*(f"{one}%" for one in weights), "100%"]
    assert [row["单项线"] for row in marks] == [*(f"{one} 分" for one in floors), f"{rules.pass_mark} 分"]
    example = re.search(r"((?:\d+×\d+%＋?){3})＝([\d.]+)，总评到线；实操 (\d+) 分没到 (\d+) 分", GUIDE)
    assert example
    parts = [(int(mark), int(share)) for mark, share in re.findall(r"(\d+)×(\d+)%", example[1])]
    assert [share for _, share in parts] == weights
    assert sum(mark * share for mark, share in parts) / 100 == float(example[2]) >= rules.pass_mark
    assert parts[1][0] == int(example[3]) < int(example[4]) == floors[1]


def test_the_texts_to_mark_are_counted() -> None:
    """The markers' load follows from the number of free-text exercises."""
    texts = [
        name for module in MODULES for name in exercise_names(COURSE.source / module) if re.search(r"-t\d\d$", name)
    ]
    assert f"{len(texts)} 道文字题，30 人，每份 2 分钟，共 {len(texts) * 30 * 2} 分钟" in GUIDE
    assert f"2 人分，7 天评完，每人每天约 {len(texts) * 30 * 2 / 2 / 7:.0f} 分钟" in GUIDE


def test_links_within_the_guide_lead_somewhere() -> None:
    """The contents' anchors are headings, in their order."""
    anchors = [re.sub(r"[^\w-]", "", heading.replace(" ", "-")) for heading in sections(2)]
    assert re.findall(r"\]\(#([^)]+)\)", GUIDE) == anchors


def _strings(path: Path) -> Iterator[str]:
    """Yield the texts of the keys in a notebook: reasons, answers to forms."""
    for cell in read_notebook(path)["cells"]:
        if cell["cell_type"] == "code" and "grade(" in text(cell):
            for node in ast.walk(ast.parse(text(cell))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a data file."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name not in {"title", "source"}:
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


@cache
def _guide() -> str:
    return plain(GUIDE)


@pytest.mark.parametrize("assignment", [*MODULES, *DRILLS, *EXAMS])
def test_no_key_is_printed(assignment: str) -> None:
    """No reason of any key is copied; of examinations and drills not even an option."""
    if metadata(assignment) is None:
        pytest.skip("not written yet")
    folder = COURSE.source / assignment
    secret = set(_strings(folder / f"{assignment}.ipynb"))
    if assignment not in MODULES:
        for path in (folder / "data").rglob("*.json"):
            secret |= set(_texts(json.loads(path.read_text("utf-8"))))
    assert [one for one in secret if len(plain(one)) >= KEY and plain(one) in _guide()] == []


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the source documents are not beside this clone")
def test_no_sentence_is_a_source_document_s() -> None:
    """No run of 20 characters is shared with the source documents."""
    ours = {_guide()[at : at + RUN] for at in range(len(_guide()) - RUN + 1)}
    for path in SEEDS.glob("*.txt"):
        theirs = plain(path.read_text("utf-8"))
        assert [theirs[at : at + RUN] for at in range(len(theirs) - RUN + 1) if theirs[at : at + RUN] in ours] == []
