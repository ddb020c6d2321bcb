"""A whole class in Chromium: a trainer and three trainees, each in a browser of their own, on the real server."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil  # type: ignore[import-untyped]
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from browsing import Watch, chromium, require_chromium
from building import make_course
from network import radio
from playwright.sync_api import Browser, Page, expect
from samples import sample
from serving import kernel_of, running

from coursekit.course import Course
from coursekit.drills.roster import Person
from coursekit.drills.signin import Desk
from coursekit.gradebook import open_gradebook
from coursekit.live.close import close_class
from coursekit.live.play import load_key
from coursekit.live.room import find_store
from coursekit.live.rules import Command
from coursekit.nbgrader import Nbgrader
from widgets.drill import best
from widgets.scenario import ScenarioSpec
from widgets.visitor import COOKIE

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("COURSEKIT_SHOTS")
DATA, KEY = sample("scenario")
SPEC = msgspec.convert(DATA, ScenarioSpec)
SLOW = 20_000


class Room:
    """A running ``coursekit class start``: its course, addresses, and processes."""

    def __init__(self, course: Course, said: str, process: psutil.Process) -> None:
        self.course = course
        self.process = process
        self.console = re.findall(r"控制台　(\S+)", said)[0]
        self.seat, self.code = re.findall(r"学员　(\S+)　口令 (\d{6})", said)[0]
        self.base = self.seat.split("/class")[0]


@contextmanager
def class_server(course: Course, *options: str) -> Iterator[Room]:
    """Start a class on a free port; afterwards nothing of it is left."""
    words = ["class", "start", "x01", "--port", "0", "--no-browser", "--host", "127.0.0.1", "--size", "3"]
    with running([*words, "--course", str(course.root), *options], r"按 Ctrl\+C") as (said, process):
        yield Room(course, said, process)


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    require_chromium()
    course = make_course(tmp_path_factory.mktemp("live") / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    Nbgrader(course).generate_assignment("x01")
    with sqlite3.connect(course.root / "gradebook.db") as db:
        rows = [(f"t{n}", "晓梅", "赵") for n in range(9)]
        db.executemany("INSERT OR REPLACE INTO student (id, first_name, last_name) VALUES (?, ?, ?)", rows)
    return course


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def device(
    browser: Browser, width: int, height: int, cookie: tuple[Room, str] | None = None, scripts: bool = True
) -> Iterator[Page]:
    """Open a browser of its own, signed in as a trainee; it asks no other host and no script of it fails."""
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=scripts)
    if cookie:
        room, who = cookie
        token = Desk.open(room.course).token(Person(who, f"学员{who}"))
        context.add_cookies([{"name": COOKIE, "value": token, "url": room.base}])
    page = context.new_page()
    watch = Watch(page)
    yield page
    assert watch.outside == []
    assert watch.errors == []
    context.close()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click(timeout=SLOW)


def see(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible(timeout=SLOW)


def decide(page: Page, n: int, option: int) -> None:
    """Choose on the seat's page, submit, and wait for the acknowledgement."""
    expect(page.locator("h4", has_text=f"第 {n} 步")).to_be_visible(timeout=SLOW)
    page.locator(".ck-options input").nth(option).check(timeout=SLOW)
    press(page, "提交")
    see(page, "✓ 已收到")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"live-{name}.png", full_page=True)


def letter(node: str, option: str | None) -> int:
    return [one.id for one in SPEC.nodes[node].options].index(option or "")


def reads_well(page: Page, part: str = ".ck-card") -> None:
    """No violation that axe knows of, and no sideways scrolling."""
    found: Any = Axe().run(page, context=part)
    assert [one["id"] for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_whole_class_from_the_first_step_to_the_gradebook(course: Course, browser: Browser) -> None:
    """Join, vote, late, reload, killed kernels, revote, replay, the end, debrief, rubric, close: marks are in the gradebook."""
    way = list(best(SPEC.story, load_key(course, "x01", "x01-s01")).way)
    with class_server(course) as room, ExitStack() as stack:
        trainer = stack.enter_context(device(browser, 1920, 1080))
        sockets: list[str] = []
        phones = [stack.enter_context(device(browser, 360, 740, (room, f"t{n}"))) for n in range(3)]
        phones[1].on("websocket", lambda one: sockets.append(one.url))
        trainer.goto(room.console)
        see(trainer, room.code)
        shot(trainer, "projector-join")
        for phone in phones:
            phone.goto(room.seat)
            see(phone, "等主持人开放作答")
            assert phone.locator(".ck-options input").count() == 0
        see(trainer, "已入场 3/3")
        assert trainer.locator(".ck-bars li").count() == 0  # what stands on the projector is everybody's

        press(trainer, "开始作答")
        decide(phones[0], 1, 0)
        see(trainer, "已答 1/3")
        assert trainer.locator(".ck-meter").count() == 0  # it stands on the projector
        phones[1].locator(".ck-options input").nth(1).check(timeout=SLOW)
        kernel = re.search(r"kernels/([\w-]+)/", sockets[-1])
        assert kernel is not None
        kernel_of(room.process, kernel[1]).kill()
        press(phones[1], "提交")  # into the void: the page opens itself again and sends once more
        see(phones[1], "✓ 已收到")
        see(trainer, "已答 2/3")
        phones[2].locator(".ck-options input").nth(0).check(timeout=SLOW)
        phones[2].reload()
        expect(phones[2].locator(".ck-options input").nth(0)).to_be_checked(timeout=SLOW)  # a draft survives
        shot(phones[2], "phone-question")
        reads_well(phones[2])
        press(trainer, "锁定作答")
        see(trainer, "1 人 · 50%")
        see(phones[2], "这一步您没有提交")
        assert phones[2].locator(".ck-meter").count() == 0
        press(trainer, "公布结果")
        see(phones[0], "全班的选择")
        shot(phones[0], "phone-revealed")
        expect(trainer.get_by_label("全班采用哪种做法")).to_have_value("")  # level: the trainer decides

        press(trainer, "再次表决")
        for phone in phones:
            see(phone, "再次表决")
            decide(phone, 1, letter(*way[0]))
        press(trainer, "锁定作答")
        press(trainer, "公布结果")
        see(trainer, "讨论前后（人数）")
        press(trainer, "A 会怎样")
        see(trainer, "如果当时……")
        shot(trainer, "projector-revealed")
        reads_well(trainer)
        press(trainer, "回到全班的情景")
        press(trainer, "下一步")

        for n, (node, option) in enumerate(way[1:], 2):
            see(trainer, f"第 {n} 步")
            press(trainer, "开始作答")
            for phone in phones[:2]:
                decide(phone, n, letter(node, option))
            if n == 3:
                trainer.reload()
                see(trainer, "已答 2/3")
            press(trainer, "锁定作答")
            press(trainer, "公布结果")
            press(trainer, "下一步")
        see(trainer, "情景走到了结局")
        see(phones[2], "情景走到了结局")

        press(trainer, "路径图")
        shot(trainer, "projector-flow")
        press(trainer, "复盘")
        words = str(KEY["options"][f"{way[0][0]}/{way[0][1]}"]["why"])
        assert words not in phones[0].content()
        press(trainer, "同时显示在学员页面上")
        see(trainer, words)
        see(phones[0], words)
        shot(trainer, "projector-debrief")
        shot(phones[0], "phone-debrief")
        reads_well(phones[0])
        press(trainer, "角色扮演评分")
        trainer.get_by_label("评谁（工号或组名）").fill("一组")
        trainer.get_by_label("组里有谁（工号，用顿号隔开；评一个人时不填）").fill("t0、t1")
        for name in ("程序", "沟通", "时效", "依法"):
            trainer.get_by_label(name, exact=True).select_option("3")
        press(trainer, "记下")
        see(trainer, "12/16")
        press(trainer, "下课")
        press(trainer, "结束本班……")
        press(trainer, "确定结束")
        see(phones[1], "本班已经结束")

        store = find_store(course)
        done = close_class(course, store, store.find(room.code))
        assert done.problems == []
        assert {who: attempt.points for who, attempt in done.chosen.items() if who != "t2"} == {"t0": 100, "t1": 100}
        with open_gradebook(course) as gradebook:
            assert gradebook.scores("x01")["t0"]["x01-s01"] == 100


def test_what_goes_wrong_is_said_and_the_class_goes_on(course: Course, browser: Browser) -> None:
    """A wrong code, a wrong console key, a vote that comes too late, a closed class: plain words on the page."""
    with class_server(course) as room, device(browser, 320, 640, (room, "t7")) as phone:
        store = find_store(course)
        one = store.find(room.code)
        phone.goto(f"{room.base}/class/{int(room.code) ^ 1}")
        see(phone, "课堂口令不对")
        phone.goto(room.seat)
        see(phone, "等主持人开放作答")
        store.act(one, SPEC.story, Command("open", 1, 1, "draft"))
        phone.locator(".ck-options input").first.check(timeout=SLOW)
        reads_well(phone)
        shot(phone, "phone-320")
        store.act(one, SPEC.story, Command("lock", 1, 1, "open"))
        phone.evaluate("document.querySelector('.ck-seat form')?.requestSubmit()")  # as fast as a thumb can be
        see(phone, "锁定")
        assert store.snapshot(one).answered(1, 1) == 0
        with device(browser, 1280, 800) as other:
            other.goto(room.console[:-4] + "xxxx")
            see(other, "这不是本班主持人的控制台地址")
            assert other.get_by_role("button", name="锁定作答").count() == 0
        store.close(one)
        see(phone, "本班已经结束")


def sign_in(page: Page, number: str, name: str = "赵晓梅") -> None:
    """Fill the sign-in form by keyboard."""
    page.get_by_label("工号", exact=True).fill(number)
    page.get_by_label("姓名", exact=True).fill(name)
    page.keyboard.press("Enter")


def test_the_code_on_the_projector_leads_into_the_class(course: Course, browser: Browser) -> None:
    """Sign in, type six digits, be there: by keyboard, on the narrowest phone; what is wrong is said in plain words."""
    with class_server(course) as room, device(browser, 320, 640) as phone, device(browser, 1280, 800) as other:
        store = find_store(course)
        over, _ = store.create(
            drill="x01", exercise="x01-s01", spec=store.find(room.code).spec, mode="trainer", size=3, address=room.base
        )
        store.close(over)
        phone.goto(room.base)
        for number, name, said in (("t404", "赵晓梅", "名册里没有工号"), ("t1", "王五", "与别人的工号重了")):
            sign_in(phone, number, name)
            see(phone, said)
        sign_in(phone, "t1")
        expect(phone.get_by_label("课堂口令")).to_be_focused()
        shot(phone, "code-320")
        for code, said in ((f"{int(room.code) ^ 1}", "课堂口令不对"), (over.code, "这个班级已经结束")):
            phone.get_by_label("课堂口令").fill(code)
            phone.keyboard.press("Enter")
            see(phone, said)
            expect(phone.get_by_label("课堂口令")).to_have_value(code)
        reads_well(phone, ".ck-page")
        shot(phone, "code-refused-320")
        phone.get_by_label("课堂口令").fill(f"{room.code[:3]} {room.code[3:]}")
        phone.keyboard.press("Enter")
        see(phone, "等主持人开放作答")
        sign_in_at = f"{room.base}/signin"
        other.goto(room.seat)
        assert other.url.startswith(sign_in_at)
        sign_in(other, "t2")
        see(other, "等主持人开放作答")
        other.goto(room.base)
        shot(other, "code-1280")
        assert set(store.snapshot(store.find(room.code)).members) == {"t1", "t2"}


def test_the_way_into_a_class_needs_no_script(course: Course, browser: Browser) -> None:
    """Signing in, a wrong code and the right one are plain forms."""
    with class_server(course) as room, device(browser, 360, 740, scripts=False) as phone:
        phone.goto(room.base)
        sign_in(phone, "t3")
        phone.get_by_label("课堂口令").fill("1")
        press(phone, "进入课堂")
        see(phone, "课堂口令不对")
        phone.get_by_label("课堂口令").fill(room.code)
        press(phone, "进入课堂")
        assert phone.url == room.seat


def test_votes_on_paper_are_typed_in_when_the_network_is_gone(course: Course, browser: Browser) -> None:
    """Nobody is online: what the trainer types is the distribution; counts that cannot be are refused in plain words."""
    with class_server(course) as room, device(browser, 1920, 1080) as trainer:
        trainer.goto(room.console)
        press(trainer, "开始作答")
        press(trainer, "纸质票")
        fields = trainer.locator(".ck-form input")
        for typed, said in (
            (("-1", "2"), "票数应是 0 或更大的整数"),
            (("", "2"), "票数应是 0 或更大的整数"),
            (("2", "2"), "纸质票共 4 张，加上网上已收到的 0 票，超过全班 3 人"),
        ):
            fields.nth(0).fill(typed[0])
            fields.nth(1).fill(typed[1])
            press(trainer, "录入票数")
            see(trainer, said)
        shot(trainer, "projector-paper-refused")
        see(trainer, "已答 0/3")
        fields.nth(0).fill("1")
        press(trainer, "录入票数")
        see(trainer, "已录入 3 张纸质票")
        see(trainer, "已答 3/3")
        expect(trainer.locator(".ck-trouble")).to_be_empty()
        expect(fields.nth(1)).to_have_value("2")  # what was typed can be mended, and starts from what it is
        reads_well(trainer)
        shot(trainer, "projector-paper")
        press(trainer, "课堂")
        press(trainer, "锁定作答")
        see(trainer, "1 人 · 33%")
        see(trainer, "2 人 · 67%")


def test_a_trainee_whose_network_fades_finds_the_class_where_it_is(course: Course, browser: Browser) -> None:
    """What was acknowledged stays; a vote that was cast in silence arrives too late and is refused; the page is at the present step."""
    first, second = list(best(SPEC.story, load_key(course, "x01", "x01-s01")).way)[:2]
    with class_server(course) as room, radio(int(room.base.rsplit(":", 1)[1])) as air, ExitStack() as stack:
        store = find_store(course)
        one = store.find(room.code)
        trainer = stack.enter_context(device(browser, 1280, 900))
        near, far = (stack.enter_context(device(browser, 360, 740, (room, f"t{n}"))) for n in (4, 5))
        trainer.goto(room.console)
        near.goto(room.seat)
        far.goto(f"http://127.0.0.1:{air.port}{one.path}")
        press(trainer, "开始作答")
        for phone in (near, far):
            decide(phone, 1, letter(*first))
        for name in ("锁定作答", "公布结果", "下一步"):
            press(trainer, name)
        expect(far.locator("h4", has_text="第 2 步")).to_be_visible(timeout=SLOW)
        press(trainer, "开始作答")
        far.locator(".ck-options input").nth(letter(*second)).check(timeout=SLOW)
        air.fade()
        press(far, "提交")
        decide(near, 2, letter(*second))
        see(far, "还没有收到回执")
        for name in ("锁定作答", "公布结果", "下一步"):
            press(trainer, name)
        see(far, "与教室电脑的连接断了，正在重新连接")
        shot(far, "phone-cut")
        air.come_back()
        see(far, "第 2 步：这一步已经锁定，您来晚了，这次作答没有计入")
        expect(far.locator("h4", has_text="第 3 步")).to_be_visible(timeout=SLOW)
        see(far, "等主持人开放作答")
        shot(far, "phone-back")
        reads_well(far)
        press(trainer, "开始作答")
        expect(far.locator(".ck-options input").first).to_be_visible(timeout=SLOW)
        expect(far.locator(".ck-trouble")).to_be_empty(timeout=SLOW)
        votes = {(vote.trainee, vote.ballot.n) for vote in store.snapshot(one).votes}
        assert votes == {("t4", 1), ("t5", 1), ("t4", 2)}


def test_a_class_goes_on_after_the_computer_was_started_again(course: Course, browser: Browser) -> None:
    """The server ends in the middle; with the class's code it goes on, and the trainees' pages come back by themselves."""
    with ExitStack() as stack:
        phone, trainer = (stack.enter_context(device(browser, *size)) for size in ((360, 740), (1280, 900)))
        with class_server(course) as room:
            token = Desk.open(course).token(Person("t6", "赵晓梅"))
            phone.context.add_cookies([{"name": COOKIE, "value": token, "url": room.base}])
            phone.goto(room.seat)
            trainer.goto(room.console)
            press(trainer, "开始作答")
            decide(phone, 1, 0)
            trainer.goto("about:blank")
        see(phone, "与教室电脑的连接断了")
        with class_server(course, "--code", room.code, "--port", room.base.rsplit(":", 1)[1]) as again:
            assert again.seat == room.seat
            see(phone, "✓ 已收到")
            trainer.goto(again.console)
            see(trainer, "已答 1/3")
            press(trainer, "锁定作答")
            see(phone, "作答已经锁定")


def test_a_free_run_goes_on_after_a_reload(course: Course, browser: Browser) -> None:
    """Everybody walks alone; a reload goes on where it was, and the console counts who is where."""
    with (
        class_server(course, "--mode", "free") as room,
        device(browser, 360, 740, (room, "t1")) as phone,
        device(browser, 1280, 900) as trainer,
    ):
        trainer.goto(room.console)
        phone.goto(room.seat)
        for n in (1, 2):
            expect(phone.locator("h4", has_text=f"第 {n} 步")).to_be_visible(timeout=SLOW)
            phone.locator(".ck-options input").first.check(timeout=SLOW)
            press(phone, "提交")
        expect(phone.locator("h4", has_text="第 3 步")).to_be_visible(timeout=SLOW)
        see(phone, "我的做法")
        phone.reload()
        expect(phone.locator("h4", has_text="第 3 步")).to_be_visible(timeout=SLOW)
        see(trainer, "正在第 3 步：1 人")
        shot(trainer, "console-free")
