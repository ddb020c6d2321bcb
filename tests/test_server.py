"""The server extension as the page behind 课程首页 calls it: real servers, started as ``coursekit lab`` starts them."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
from browsing import serve
from building import EXERCISES, REPO, make_course, write_assignment

from coursekit import home, lab, work
from coursekit.answered import Answered, check_answers
from coursekit.course import Course, CourseError
from coursekit.demo import answer_all
from coursekit.home import Facts, Sent, decide
from coursekit.nbgrader import Nbgrader
from coursekit.people import answers, people
from coursekit.seat import Seat
from coursekit.source import load_items
from widgets import RecordSpotting
from widgets.journal import NAME

READY = r"(http://127\.0\.0\.1:\d+/lab\?token=\w+)"
NOW = datetime(2026, 11, 22, 6, 3, 10, tzinfo=UTC)
BEIJING = ZoneInfo("Asia/Shanghai")


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make a course with x01 and x02 released, x03 not, and a deadline for x02."""
    course = make_course(tmp_path_factory.mktemp("server") / "course")
    for name in ("x02", "x03"):
        exercises = {one.replace("x01", name): what for one, what in EXERCISES.items()}
        write_assignment(course.source / name, exercises)
    file = course.root / "config" / "course.toml"
    said = file.read_text("utf-8")
    file.write_text(
        said.replace("[deadlines]", "[deadlines]\nx02 = 2026-12-01T18:00:00\nx01 = 2020-01-01T00:00:00"), "utf-8"
    )
    nbgrader = Nbgrader(Course.load(course.root))
    for name in ("x01", "x02"):
        nbgrader.generate_assignment(name)
        nbgrader.release_assignment(name)
    return Course.load(course.root)


@dataclass(frozen=True, slots=True)
class Site:
    """A server's address and a client that carries its token."""

    url: str
    token: str
    client: httpx.Client

    def get(self, path: str) -> Any:
        """Return the JSON of a GET."""
        return self.client.get(f"coursekit/{path}").raise_for_status().json()

    def post(self, path: str, **body: str) -> Any:
        """Return the JSON of a POST."""
        return self.client.post(f"coursekit/{path}", json=body).raise_for_status().json()

    def refused(self, path: str, **body: str) -> tuple[int, str]:
        """Return status and message of a POST that fails."""
        answer = self.client.post(f"coursekit/{path}", json=body)
        return answer.status_code, answer.json()["message"]

    def module(self, name: str) -> Any:
        """Return one module of the first page."""
        return next(one for one in self.get("home")["modules"] if one["id"] == name)

    def ran(self, action: str, name: str) -> Any:
        """Run a task to its end; returns its last state."""
        task = self.post("run", action=action, id=name)["task"]
        while (state := self.get(f"task/{task}"))["state"] == "running":
            time.sleep(0.05)
        return state


@contextmanager
def site(course: Course, *options: str) -> Iterator[Site]:
    """Run ``coursekit lab`` on a free port."""
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", "lab", "--course", str(course.root)]
    command += ["--port", "0", "--no-browser", *options]
    with serve(command, course.root, course.root / "config", READY) as address:
        parts = urlsplit(address)
        token = parts.query.removeprefix("token=")
        url = f"{parts.scheme}://{parts.netloc}/"
        with httpx.Client(base_url=url, headers={"Authorization": f"token {token}"}, timeout=60) as client:
            yield Site(url, token, client)


@pytest.fixture(name="sites", scope="module")
def _sites(course: Course) -> Iterator[tuple[Site, Site]]:
    """Start a trainee's and an instructor's server side by side."""
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        options = ("--trainee", "t001"), ()
        both = list(pool.map(lambda words: stack.enter_context(site(course, *words)), options))
        yield both[0], both[1]


@pytest.fixture(name="trainee", scope="module")
def _trainee(sites: tuple[Site, Site]) -> Site:
    return sites[0]


@pytest.fixture(name="instructor", scope="module")
def _instructor(sites: tuple[Site, Site]) -> Site:
    return sites[1]


def answer(course: Course, row: int) -> None:
    """Answer as t001 would in a notebook of x01."""
    exercise = RecordSpotting("x01-w1", course.home("t001") / "x01", "t001")
    before = exercise.latest()
    exercise.save({"marks": {f"r{row}/done": {"reason": "late"}}}, base=before.seq if before else 0)


def test_a_module_goes_the_whole_way(course: Course, trainee: Site, instructor: Site) -> None:
    """领取, 检查, 提交, 收取, 评分, 反馈: each page call tells the state that the next person sees."""
    assert trainee.get("home")["role"] == "trainee"
    new = trainee.module("x01")
    assert (new["state"], new["title"], new["minutes"], new["total"]) == ("new", "试讲模块", 10, 3)
    assert new["overdue"]
    assert trainee.refused("submit", id="x01")[0] == 409

    fetched = trainee.post("fetch", id="x01")
    assert (fetched["state"], fetched["done"], fetched["path"]) == ("working", 0, "x01/x01.ipynb")
    answer(course, 3)
    checked = trainee.post("check", id="x01")
    assert (checked["done"], checked["total"]) == (1, 3)
    assert [(one["exercise"], one["place"]) for one in checked["unanswered"]] == [("x01-c1", 1), ("x01-o1", 3)]
    assert checked["unanswered"][0]["title"] == "个体工商户设立登记"

    sent = trainee.post("submit", id="x01")
    assert re.fullmatch(r"[0-9A-F]{4}(-[0-9A-F]{4}){2}", sent["receipt"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", sent["at"])
    assert sent["module"]["state"] == "submitted"
    assert not sent["module"]["changed"]
    assert not sent["module"]["overdue"]
    assert trainee.post("submit", id="x01")["receipt"] == sent["receipt"]
    answer(course, 6)
    assert trainee.module("x01")["changed"]
    again = trainee.post("submit", id="x01")
    assert again["receipt"] != sent["receipt"]
    assert trainee.refused("feedback", id="x01")[0] == 409

    (row,) = (one for one in instructor.get("desk")["assignments"] if one["id"] == "x01")
    assert (row["released"], row["fetched"], row["submitted"], row["collected"]) == (True, 1, 1, 0)
    assert any("还没有收取" in problem for problem in row["problems"])
    for action in ("collect", "grade", "feedback"):
        state = instructor.ran(action, "x01")
        assert state["state"] == "done", state
        assert state["done"] == state["total"] > 0
    (row,) = (one for one in instructor.get("desk")["assignments"] if one["id"] == "x01")
    assert [row[name] for name in ("submitted", "collected", "graded", "manual", "feedback")] == [1, 1, 1, 0, 1]
    assert row["problems"] == []

    assert instructor.client.get("coursekit/report/x01").status_code == 404
    assert instructor.ran("report", "x01")["state"] == "done"
    report = instructor.client.get("coursekit/report/x01")
    assert report.headers["content-security-policy"].startswith("default-src 'none'")
    assert report.headers["content-security-policy"].endswith("sandbox")
    assert "t001" in report.text
    assert "题目分析" in report.text

    graded = trainee.module("x01")
    assert (graded["state"], graded["feedback"], graded["maximum"]) == ("graded", True, 15.0)
    assert 0 < graded["points"] < 15
    assert graded["receipt"] == again["receipt"]
    url = trainee.post("feedback", id="x01")["url"]
    page = trainee.client.get(url)
    assert page.headers["content-security-policy"].endswith("sandbox")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "总分" in page.text

    listed = trainee.client.get("assignments?course_id=counter", follow_redirects=True).json()
    assert listed["success"], listed
    answer(course, 7)
    data = {"course_id": "counter", "assignment_id": "x01"}
    done = trainee.client.post("assignments/submit", data=data).json()
    assert done["success"], done
    assert trainee.module("x01")["receipt"] not in (sent["receipt"], again["receipt"])
    (old,) = (one for one in listed["value"] if one["status"] == "submitted")
    assert old["student_id"] == "t001"
    assert [len(one["notebooks"]) for one in old["submissions"]] == [1, 1]
    assert any(one["has_exchange_feedback"] for one in old["submissions"])


def test_a_newer_release_is_offered_and_keeps_answers(course: Course, trainee: Site, instructor: Site) -> None:
    """After a correction the page says so; fetching again brings it, and the old edition runs until then."""
    trainee.post("fetch", id="x02")
    assert not trainee.module("x02")["newer"]
    before = trainee.get("allowed")["notebooks"]["x02/x02.ipynb"]
    source = course.source / "x02" / "x02.ipynb"
    source.write_text(
        source.read_text("utf-8").replace("一段课文", "改过的课文").replace("\\nChecklist", "\\n\\nChecklist"), "utf-8"
    )
    data = course.source / "x02" / "data" / "x02-w1.json"
    data.write_text(data.read_text("utf-8").replace("找出有错的记录。", "请找出有错的记录。"), "utf-8")
    state = instructor.ran("release", "x02")
    assert state["state"] == "done", state
    assert trainee.module("x02")["newer"]
    assert trainee.get("allowed")["notebooks"]["x02/x02.ipynb"] == before
    journal = course.home("t001") / "x02" / NAME
    journal.write_bytes(b"")
    assert not trainee.post("fetch", id="x02")["newer"]
    assert journal.exists()
    assert trainee.get("allowed")["notebooks"]["x02/x02.ipynb"] != before
    assert "请找出" in (course.home("t001") / "x02" / "data" / "x02-w1.json").read_text("utf-8")


def test_the_checksum_is_what_a_browser_computes(course: Course, trainee: Site) -> None:
    """Locked code cells, grade_id and source in order, joined by newlines: the extension does the same."""
    notebook = json.loads((course.exchanged / "outbound" / "x01" / "x01.ipynb").read_text("utf-8"))
    parts: list[str] = []
    for cell in notebook["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and mark.get("locked"):
            parts += [mark["grade_id"], "".join(cell["source"])]
    assert len(parts) == 12
    assert trainee.get("allowed")["notebooks"]["x01/x01.ipynb"] == sha256("\n".join(parts).encode()).hexdigest()


@pytest.mark.parametrize("name", ["x99", "x03", "../x01", "..", "", "x01/../../source/x01", "x" * 5000, "\0"])
@pytest.mark.parametrize("action", ["fetch", "check", "submit", "feedback", "export"])
def test_unknown_modules_are_answered_in_chinese(trainee: Site, action: str, name: str) -> None:
    """No name leads out of the exchange or home, and each gets a sentence that says what to do."""
    status, message = trainee.refused(action, id=name)
    assert status == 409
    assert "没有名为" in message


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 3}', b"\xff", b"{" * 5000])
def test_what_is_no_request_is_refused_in_chinese(trainee: Site, body: bytes) -> None:
    """Broken JSON ends in 400 and one sentence."""
    answer = trainee.client.post("coursekit/check", content=body)
    assert answer.status_code == 400
    assert "刷新" in answer.json()["message"]


def test_each_role_has_its_own_page(trainee: Site, instructor: Site) -> None:
    """A trainee's server has no desk, and an instructor's hands nothing in."""
    for path in ("desk", "task/k1"):
        assert trainee.client.get(f"coursekit/{path}").status_code == 403
    assert trainee.refused("run", action="grade", id="x01")[0] == 403
    assert instructor.refused("submit", id="x01")[0] == 403
    assert trainee.client.get("coursekit/report/x01").status_code == 403
    assert instructor.client.get("coursekit/report/x99").status_code == 404
    assert instructor.client.get("coursekit/report/..%2Fgradebook").status_code == 404
    assert trainee.client.get("formgrader").status_code == 404
    assert instructor.client.get("formgrader", follow_redirects=True).status_code == 200
    page = instructor.get("home")
    assert page["role"] == "instructor"
    assert {one["path"] for one in page["modules"]} >= {"source/x01/x01.ipynb", "source/x03/x03.ipynb"}
    assert instructor.get("allowed")["notebooks"].keys() >= {"source/x01/x01.ipynb", "release/x01/x01.ipynb"}


def test_strangers_and_other_sites_get_nothing(trainee: Site) -> None:
    """Without token there is nothing; with a cookie alone a foreign page cannot post (XSRF)."""
    with httpx.Client(base_url=trainee.url) as client:
        assert client.get("coursekit/home").status_code == 403
        assert client.get("coursekit/feedback/x01").status_code in (302, 403)
        client.get(f"lab?token={trainee.token}")
        assert client.get("coursekit/home").status_code == 200
        refused = client.post("coursekit/check", json={"id": "x01"})
        assert refused.status_code == 403
        assert "刷新" in refused.json()["message"]
        token = client.cookies.get("_xsrf") or ""
        assert client.post("coursekit/fetch", json={"id": "x01"}, headers={"X-XSRFToken": token}).status_code == 200


def test_an_export_is_no_submission_until_somebody_collects_it(course: Course, trainee: Site) -> None:
    """The file lies in the trainee's folder; the page does not claim that it arrived."""
    trainee.post("fetch", id="x02")
    state = trainee.module("x02")["state"]
    made = trainee.post("export", id="x02")
    assert (course.home("t001") / made["path"]).is_file()
    assert made["module"]["state"] == state
    assert made["receipt"]


def test_tasks_run_one_at_a_time_and_the_server_stays_responsive(instructor: Site) -> None:
    """While one task runs a second is refused by name, and the desk answers at once."""
    task = instructor.post("run", action="check", id="x03")["task"]
    status, message = instructor.refused("run", action="grade", id="x01")
    assert (status, "检查 x03" in message) == (409, True)
    assert instructor.get("home")["role"] == "instructor"
    while (state := instructor.get(f"task/{task}"))["state"] == "running":
        time.sleep(0.05)
    assert state["message"]
    assert instructor.refused("run", action="erase", id="x01")[0] == 409
    assert instructor.refused("run", action="grade", id="x99")[0] == 409
    assert instructor.client.get("coursekit/task/k999").status_code == 409


def test_a_task_that_cannot_be_done_says_why(instructor: Site) -> None:
    """Grading what nobody handed in fails with what to do first."""
    state = instructor.ran("grade", "x03")
    assert state["state"] == "failed"
    assert "收取" in state["message"]


def test_checking_m04_takes_less_than_a_second(tmp_path: Path) -> None:
    """检查作答 reads data files and journal only: 13 exercises in well under a second, right for every strength."""
    folder = tmp_path / "m04"
    shutil.copytree(REPO / "source" / "m04", folder)
    items = load_items(Course.load(REPO), "m04")
    person = people(3)[1]
    done = len(list(answers(person, items)))
    answer_all(person, items, folder)
    started = time.perf_counter()
    found = check_answers(folder, person.id)
    assert time.perf_counter() - started < 1
    assert (found.done, found.total) == (done, len(items))


def test_a_damaged_notebook_is_checked_by_the_released_one(tmp_path: Path) -> None:
    """What a trainee did to the notebook does not hide exercises; a lost data file is named."""
    folder, released = tmp_path / "x01", tmp_path / "released"
    write_assignment(folder)
    shutil.copytree(folder, released)
    for damage in ("", "[]", '{"cells": 3}', '{"cells": [3, {}, {"metadata": {"nbgrader": 3}}]}', "\x00"):
        (folder / "x01.ipynb").write_text(damage, "utf-8")
        assert check_answers(folder, "t001", released).total == 3
    (folder / "data" / "x01-w1.json").unlink()
    titles = [one.title for one in check_answers(folder, "t001", released).unanswered]
    assert any("重新领取" in title for title in titles)
    (folder / NAME).mkdir()
    with pytest.raises(CourseError):
        check_answers(folder, "t001", released)


def facts(**changed: Any) -> Facts:
    base: dict[str, Any] = {
        "id": "m04", "title": "题", "minutes": 75, "path": "m04/m04.ipynb", "fetched": True, "is_current": True,
        "answers": Answered(7, 13, ()), "journal": "aa", "sent": (), "deadline": None,
    }  # fmt: skip
    return Facts(**(base | changed))


def test_the_state_follows_from_the_facts() -> None:
    """New, working, submitted, graded; what changed since; what only was exported counts for nothing."""
    sent = Sent(NOW, arrived=True, code="7F3A-91BC-02DE", journal="aa", page=None)
    exported = Sent(NOW + timedelta(hours=1), arrived=False, code="0000-0000-0000", journal="bb", page=None)
    assert decide(facts(fetched=False), NOW, BEIJING).state == "new"
    assert decide(facts(), NOW, BEIJING).state == "working"
    assert decide(facts(sent=(exported,)), NOW, BEIJING).state == "working"
    one = decide(facts(sent=(exported, sent)), NOW, BEIJING)
    assert (one.state, one.receipt, one.changed) == ("submitted", "7F3A-91BC-02DE", False)
    assert one.submitted_at is not None
    assert one.submitted_at.isoformat() == "2026-11-22T14:03:10+08:00"
    assert decide(facts(sent=(sent,), journal="bb"), NOW, BEIJING).changed
    assert decide(facts(is_current=False), NOW, BEIJING).newer
    late = decide(facts(deadline=NOW - timedelta(seconds=1)), NOW, BEIJING)
    assert late.overdue
    assert late.deadline is not None
    assert late.deadline.utcoffset() == timedelta(hours=8)
    assert not decide(facts(deadline=NOW - timedelta(seconds=1), sent=(sent,)), NOW, BEIJING).overdue


def test_without_the_exchange_everything_at_hand_still_works(course: Course, tmp_path: Path) -> None:
    """A lost network folder hides no fetched module and no check; handing in says what is wrong."""
    lost = Course(tmp_path / "nowhere", course.settings)
    write_assignment(tmp_path / "home" / "x01")
    seat = Seat(lost, "t001", tmp_path / "home")
    assert [one.id for one in home.modules(seat)] == ["x01"]
    assert work.check(seat, "x01").total == 3
    for action in (work.fetch, work.submit):
        with pytest.raises(CourseError, match="收发文件夹"):
            action(seat, "x01")


def test_a_copied_folder_is_no_module(course: Course, tmp_path: Path) -> None:
    """Only what is released or was handed in stands on the first page."""
    write_assignment(tmp_path / "x01-Copy1")
    assert {one.id for one in home.modules(Seat(course, "t002", tmp_path))} == {"x01", "x02"}


def test_modules_come_before_drills_before_examinations() -> None:
    """The order of the course, not of the alphabet."""
    assert sorted(["e01", "d02", "m10", "x1", "m02", "d01"], key=home.order) == [
        "m02",
        "m10",
        "d01",
        "d02",
        "e01",
        "x1",
    ]


@pytest.mark.parametrize("name", ["", "..", "a/b", "../x", "a+b", "a*b", "-x", ".x", "x" * 65, "a b", "a\nb"])
def test_an_id_never_leads_out_of_homes(course: Course, name: str) -> None:
    """``coursekit lab --trainee`` refuses what is no id, in Chinese, before it makes a folder."""
    with pytest.raises(CourseError, match="工号"):
        lab.trainee_home(course, name)


def test_trainees_at_one_machine_keep_apart(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a home of their own, closed to others, with JupyterLab's own files inside; names may be Chinese."""
    path = lab.trainee_home(course, "王晓梅")
    assert path.stat().st_mode & 0o777 == 0o700
    env = lab.environment(course, "王晓梅")
    assert env["JUPYTER_CONFIG_PATH"].split(":")[0].endswith("config/trainee")
    assert Path(env["JUPYTER_CONFIG_DIR"]).is_relative_to(path)
    assert lab.environment(course)["COURSEKIT_ROLE"] == "instructor"
    for name in ("COURSEKIT_TRAINEE", "COURSEKIT_HOME"):
        monkeypatch.setenv(name, env[name])
    assert Seat.here(course, path).trainee == "王晓梅"
