"""Drills as visitors meet them: a real server, real kernels, Chromium where there is a page."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from browsing import Watch, chromium, require_chromium
from building import make_course
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect
from serving import DATA, KEY, Server, drill_server, kernel_of, make_drill_course
from visiting import connect, fetch, open_page

from coursekit.course import Course, CourseError
from coursekit.drills import roster, shelf
from coursekit.drills.handlers import local
from coursekit.drills.roster import Person, RefusedError, check_name
from coursekit.drills.signin import Desk
from coursekit.live.play import load_drill, spec_text
from coursekit.live.room import find_store
from widgets import journal
from widgets.visitor import COOKIE, Visitor, VisitorError, sign, verify

SHOTS = os.environ.get("COURSEKIT_SHOTS")
SECRET = b"s" * 64
#: What scrolls for itself within the page, which scrolls too.
SCROLLERS = """() => [...document.body.querySelectorAll("*")].filter((one) => one.scrollHeight > one.clientHeight + 1
    && ["auto", "scroll"].includes(getComputedStyle(one).overflowY)).map((one) => one.id || one.className)"""


# What is decided without a server


@given(st.text(max_size=20), st.integers(0, 2**40), st.data())
def test_a_changed_or_expired_token_opens_nothing(name: str, until: int, data: st.DataObject) -> None:
    """A token is good as it was made, until its time, with its secret; nothing else is."""
    visitor = Visitor("t001", name, until)
    token = sign(visitor, SECRET)
    assert re.fullmatch(r"[\w.-]+", token, re.ASCII)
    assert verify(token, SECRET, until - 1) == visitor
    for other in (token[:-1], token.replace(".", ""), "." + token, "", None, 7):
        with pytest.raises(VisitorError):
            verify(other, SECRET, until - 1)
    place = data.draw(st.integers(0, len(token) - 2))  # the last letter holds unused bits
    swapped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    for wrong in ((swapped, SECRET, until - 1), (token, b"t" * 64, until - 1), (token, SECRET, until)):
        with pytest.raises(VisitorError):
            verify(*wrong)


def test_a_name_must_be_the_rosters() -> None:
    """Spaces, width and the order of the names do not matter; another name, a missing one or nobody is refused."""
    known = Person("t001", "欧阳\t晓梅")
    assert check_name("t001", "欧阳 晓梅", known) == Person("t001", "欧阳晓梅")
    assert check_name("t001", "晓梅欧阳", known).id == "t001"
    for number, given_name, person, said in [
        ("t001", "王五", known, "不一致"),
        ("t009", "王五", None, "没有工号"),
        ("../x", "王五", None, "没有工号"),
        ("t001", "", known, "请填写"),
        ("t002", "王五", Person("t002", "\t"), "没有登记姓名"),
    ]:
        with pytest.raises(RefusedError, match=said):
            check_name(number, given_name, person)


def test_only_own_addresses_are_followed_after_signing_in() -> None:
    """A link that was tampered with leads home."""
    assert local("/d04?x=1") == "/d04?x=1"
    assert {local(one) for one in ("//evil.example", "https://evil.example", "/\\evil", "", "/a\nb")} == {"/"}


def test_a_path_that_grew_elsewhere_is_not_shortened(tmp_path: Path) -> None:
    """A decision stands: of two pages of one visitor, the one that was left behind takes over the other's path."""
    from widgets.exercise import Scenario

    folder = make_course(tmp_path / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)}).source / "x01"
    home = shutil.copytree(folder, tmp_path / "t001" / "x01")
    exercise = Scenario("x01-s01", home, "t001")
    spec: Any = exercise.load().spec
    steps = _walk(spec)
    first = exercise.save({"path": steps[:1]})
    ahead = exercise.save({"path": steps[:3]}, first.seq)
    other = next(o for o in spec.nodes[steps[1]["node"]].options if o.id != steps[1]["option"])
    stale = exercise.save({"path": [steps[0], steps[1] | {"option": other.id}]}, first.seq)
    assert stale == ahead
    assert journal.json(exercise.save({"path": steps[:4]}, first.seq).answer) == {"path": steps[:4]}


def _walk(spec: Any) -> list[dict[str, Any]]:
    """Walk a story by its first open options."""
    from widgets.story import after, begin, choices

    place = begin(spec.story)
    steps: list[dict[str, Any]] = []
    while place.at in spec.nodes and len(steps) < 5:
        option = choices(spec.story, place)[0]
        steps.append({"node": place.at, "option": option.id, "ms": 5, "timeout": False})
        place = after(spec.story, place, option)
    return steps


# A server


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_drill_course(tmp_path_factory.mktemp("drills") / "course")


@pytest.fixture(name="server", scope="module")
def _server(course: Course) -> Iterator[Server]:
    with drill_server(course, "--size", "2") as server:
        yield server


def test_nobody_from_outside_the_roster_comes_in(server: Server) -> None:
    """Refusals are plain, in Chinese, and set no cookie; without signing in there is only the sign-in page."""
    with httpx.Client(base_url=server.url) as client:
        for address in ("/", "/x01"):
            answer = client.get(address)
            assert answer.status_code == 302
            assert answer.headers["location"].startswith("/signin?next=")
        client.get("/signin")
        common = {"_xsrf": client.cookies["_xsrf"]}
        for form, said in [
            ({"number": "t404", "name": "赵晓梅"}, "名册里没有工号“t404”"),
            ({"number": "t001", "name": "<b>王五"}, "登记的姓名与您填写的“&lt;b&gt;王五”不一致"),
            ({"number": "t001"}, "请填写工号和姓名"),
            ({"code": "AAAAAA"}, "没有这个座位码"),
        ]:
            answer = client.post("/signin", data=form | common)
            assert answer.status_code == 403
            assert said in answer.text
            assert COOKIE not in client.cookies
        assert (
            client.post("/signin", data={"number": "t001", "name": "赵晓梅"}).status_code == 403
        )  # another site's form
        client.cookies.set(COOKIE, "x.y")
        assert client.get("/").status_code == 302


def test_a_class_code_leads_to_its_class(server: Server) -> None:
    """The home page takes the projector's six digits; the class may meet on another server; wrong and closed are said."""
    course, store = server.course, find_store(server.course)
    exercise, spec = load_drill(course, "x01")
    there = "http://10.0.0.2:9000"
    one, over = (
        store.create(drill="x01", exercise=exercise, spec=spec_text(spec), mode="free", size=2, address=there)[0]
        for _ in range(2)
    )
    store.close(over)
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/class", params={"code": one.code}).headers["location"].startswith("/signin?next=%2Fclass")
    with server.client() as client:
        assert 'action="/class"' in client.get("/").text
        for code, said in (("", "口令不对"), ("<b>123456", "口令不对"), (over.code, "这个班级已经结束")):
            answer = client.get("/class", params={"code": code})
            assert answer.status_code == 404
            assert said in answer.text
            assert "<b>123" not in answer.text
            assert "试讲模块" in answer.text or "x01" in answer.text  # the drills are still there
        answer = client.get("/class", params={"code": f" {one.code} "})
        assert answer.headers["refresh"] == f"0; url={there}/class/{one.code}"
        assert f'href="{there}/class/{one.code}"' in answer.text
    store.database.close()


def test_a_seat_code_signs_in(server: Server) -> None:
    """A code is a seat, whoever sits there; codes given out stay."""
    codes = roster.make_seats(server.course, 2)
    assert roster.make_seats(server.course, 3)[:2] == codes
    with httpx.Client(base_url=server.url) as client:
        client.get("/signin")
        form = {"code": codes[1][1].lower(), "_xsrf": client.cookies["_xsrf"], "next": "/"}
        assert client.post("/signin", data=form).status_code == 303
        assert "座位 2" in client.get("/").text


def test_only_drills_are_served(server: Server) -> None:
    """No files, folders, sources, or other drills; and nobody's kernel but one's own."""
    with server.client() as mine, server.client("t002") as others:
        for address in (
            "/d09", "/x02", "/x01.ipynb", "/x01/data/x01-s01.json", "/voila/files/x01.ipynb", "/voila/tree", "/api/contents",
            "/voila/render/x01/x01.ipynb", "/voila/api/contents", "/source/x01/x01.ipynb", "/.drills/secret", "/tree", "/lab",
            "/voila/static/../../../config/course.toml", "/api/kernels",
        ):  # fmt: skip
            answer = mine.get(address)
            assert answer.status_code == 404 or "登记" not in answer.text, address
            assert answer.status_code in (403, 404), address
        page = mine.get("/x01").text
        kernel = re.search(r'"kernelId": ?"([\w-]+)"', page)
        assert kernel is not None
        address = f"/api/kernels/{kernel[1]}"
        assert mine.get(address).status_code == 200
        assert others.get(address).status_code == 403
        assert (
            others.post(f"/voila/api/shutdown/{kernel[1]}", params={"_xsrf": others.cookies["_xsrf"]}).status_code
            == 403
        )
        assert mine.get(address).status_code == 200
        for policy in ("default-src 'self'", "frame-ancestors 'self'"):
            assert policy in mine.get("/x01").headers["content-security-policy"]


def test_a_page_sends_its_kernel_no_code_and_finds_it_again(server: Server, tmp_path: Path) -> None:
    """What a browser asks a kernel to run is dropped; a line that was cut is taken up where it was."""
    token = Desk.open(server.course).token(Person("t003", "赵晓梅"))
    asyncio.run(_talk(f"{server.url}/x01", token, tmp_path / "ran"))
    assert not (tmp_path / "ran").exists()


async def _talk(url: str, token: str, file: Path) -> None:
    page = await open_page(url, await fetch(url, token, 60), token, 60)
    code = {"code": f"open({str(file)!r}, 'w')", "silent": False, "store_history": False, "user_expressions": {}}
    await page.say("execute_request", code)
    assert (await page.ask(type="hello"))["type"] == "state"
    page.line.close()
    page.line = await connect(url, page.kernel, page.session, token, 60)
    assert (await page.ask(type="hello"))["type"] == "state"
    page.line.close()


def test_a_course_without_drills_says_what_to_do(tmp_path: Path) -> None:
    """What cannot be served is said before anything starts."""
    course = make_course(tmp_path / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    with pytest.raises(CourseError, match="coursekit release x01"):
        shelf.find_drills(course, ["x01"])
    with pytest.raises(CourseError, match="没有名为“d99”"):
        shelf.find_drills(course, ["d99"])
    with pytest.raises(CourseError, match="还没有发布任何情景演练"):
        shelf.find_drills(course, [])


def test_kernels_start_ordinarily_when_the_template_is_dead(course: Course) -> None:
    """The template process is killed, and killed again: visitors still get their page."""
    with drill_server(course, "--size", "1") as server, server.client() as client:
        for _ in range(5):
            for one in server.templates():
                one.kill()
            answer = client.get("/x01")
            assert answer.status_code == 200
            assert "kernelId" in answer.text


def test_a_server_that_is_killed_takes_its_kernels_along(course: Course) -> None:
    """Even SIGKILL leaves no process behind."""
    left: list[psutil.Process] = []
    with drill_server(course, "--size", "2", ends=-signal.SIGKILL) as server:
        left = server.process.children(recursive=True)
        server.process.kill()
    assert len(left) >= 3
    assert psutil.wait_procs(left, timeout=20)[1] == []


# Pages


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    require_chromium()
    with chromium() as browser:
        yield browser


@contextmanager
def device(browser: Browser, width: int = 1280, height: int = 900) -> Iterator[Page]:
    """Open a browser that knows nothing yet; its pages may ask no other host and fail in no script."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    watch = Watch(page)
    page.set_default_timeout(60_000)
    try:
        yield page
        assert watch.outside == []
        assert watch.errors == []
    finally:
        context.close()


def sign_in(page: Page, server: Server, number: str, address: str = "/x01") -> None:
    """Open a page, being sent to sign in first."""
    page.goto(server.url + address)
    page.get_by_label("工号").fill(number)
    page.get_by_label("姓名").fill("赵晓梅")
    page.get_by_role("button", name="签到", exact=True).click()


def decide(page: Page, number: int = 0) -> None:
    """Choose an option and wait until it is in the journal."""
    page.locator(".ck-options input").nth(number).check()
    page.get_by_role("button", name="确定").click()
    page.get_by_role("button", name="继续").wait_for()


def go_on(page: Page) -> None:
    """Leave the consequence behind."""
    page.get_by_role("button", name="继续").click()


def steps_of(server: Server, trainee: str) -> int:
    """Count the decisions in a trainee's journal."""
    entry = journal.read(server.course.home(trainee) / "x01" / journal.NAME).entries["x01-s01"]
    return len(journal.json(entry.answer)["path"])


def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/drill-{name}.png", full_page=True)


@pytest.mark.browser
def test_a_visitor_goes_on_after_reload_and_on_another_device(server: Server, browser: Browser) -> None:
    """Every decision is in the journal before its consequence shows; wherever the visitor comes back, it goes on there."""
    with device(browser) as page, device(browser, 360, 740) as phone:
        sign_in(page, server, "t001")
        decide(page)
        assert steps_of(server, "t001") == 1
        go_on(page)
        page.reload()
        expect(page.get_by_text("第 2 步")).to_be_visible()
        shot(page, "reloaded")
        sign_in(phone, server, "t001", "/")
        expect(phone.get_by_text("进行中")).to_be_visible()
        shot(phone, "home-360")
        phone.locator(".ck-list a").first.click()
        expect(phone.get_by_text("第 2 步")).to_be_visible()
        decide(phone)
        go_on(phone)
        decide(phone)
        go_on(phone)
        shot(phone, "page-360")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        page.locator(".ck-options input").nth(1).check()  # the first device was left behind
        page.get_by_role("button", name="确定").click()
        expect(page.get_by_text("演练结束，共 3 步")).to_be_visible()
        assert steps_of(server, "t001") == 3


@pytest.mark.browser
def test_a_visitor_goes_on_after_the_kernel_was_killed(server: Server, browser: Browser) -> None:
    """The page says in plain words that it is cut off; one button brings it back, with the decision that was not saved."""
    with device(browser) as page:
        sockets: list[str] = []
        page.on("websocket", lambda one: sockets.append(one.url))
        sign_in(page, server, "t002")
        decide(page)
        go_on(page)
        name = re.search(r"kernels/([\w-]+)/", sockets[-1])
        assert name is not None
        kernel_of(server.process, name[1]).kill()
        page.locator(".ck-options input").first.check()
        page.get_by_role("button", name="确定").click()
        expect(page.get_by_text("正在保存您的选择")).to_be_visible()
        page.get_by_role("button", name="重新打开").click()
        go_on(page)
        expect(page.get_by_text("第 3 步")).to_be_visible()
        assert steps_of(server, "t002") == 2


@pytest.mark.browser
def test_no_key_and_no_code_reaches_the_browser(server: Server, browser: Browser) -> None:
    """Nothing that was sent, over HTTP or websocket, has a word of the key or of a cell's source."""
    sent: list[str] = []
    with device(browser) as page:
        page.on("websocket", lambda ws: ws.on("framereceived", lambda data: sent.append(_text(data))))
        page.on("response", lambda r: sent.append(_body(r.body)) if "/voila/" not in r.url else None)
        sign_in(page, server, "t003")
        decide(page)
        page.wait_for_timeout(500)
    everything = "".join(sent)
    assert DATA["title"] in everything
    shown = "".join(_texts(DATA))
    whys = {text for text in _texts(KEY) if len(text) > 5 and text not in shown}
    assert whys
    assert [why for why in whys if why in everything] == []
    assert not re.search(r"from widgets import|Scenario\(|HIDDEN TESTS|nbgrader", everything)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _text(data: str | bytes) -> str:
    text = data if isinstance(data, str) else data.decode(errors="replace")
    return re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text)


def _body(body: Callable[[], bytes]) -> str:
    try:
        return _text(body())
    except Exception:  # noqa: BLE001  a redirect has none
        return ""


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 900), (1920, 1080)])
def test_pages_fit_every_screen(server: Server, browser: Browser, width: int, height: int) -> None:
    """Nothing is wider than the window, and everything is in Chinese."""
    with device(browser, width, height) as page:
        page.goto(f"{server.url}/x01")
        shot(page, f"signin-{width}")
        sign_in(page, server, "t003", "/")
        shot(page, f"list-{width}")
        page.goto(f"{server.url}/x01")
        page.locator(".ck-card h4").wait_for()
        shot(page, f"drill-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(SCROLLERS) == []
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        assert page.title() == "试讲模块"


def test_the_pool_is_full_again_when_it_is_calm(course: Course) -> None:
    """Pages that were taken are made anew."""
    with drill_server(course, "--size", "2") as server, server.client() as client:
        before = {one.pid for one in server.process.children(recursive=True)}
        for _ in range(2):
            client.get("/x01")
        until = time.monotonic() + 60
        while len({one.pid for one in server.process.children(recursive=True)}) < len(before) + 2:
            assert time.monotonic() < until
            time.sleep(0.1)
