"""JupyterLab as a trainee and an instructor meet it: 课程首页, 教学台, and notebooks that run by themselves."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from browsing import Watch, card, chromium, require_chromium, saved, serve
from building import EXERCISES, fetched, make_released, write_assignment
from playwright.sync_api import Browser, Locator, Page, expect

from coursekit import labextension
from coursekit.course import Course
from coursekit.edition import notebook_digest
from coursekit.labextension.__main__ import joined
from coursekit.nbgrader import Nbgrader
from widgets import journal

#: Where screenshots go when somebody wants to look at them.
SHOTS = os.environ.get("COURSEKIT_SHOTS")
#: How much slower than an idle machine with two cores this one may be.
SLOW = float(os.environ.get("COURSEKIT_SLOW", "3"))
READY = r"(http://127\.0\.0\.1:\d+/lab\S*)"
expect.set_options(timeout=30_000)  # nbgrader takes seconds to import
SECOND = {name.replace("x01", "x02"): value for name, value in EXERCISES.items()}


def test_the_script_is_what_the_sources_make() -> None:
    """The installed script is never older than its sources (``uv run`` joins them again)."""
    (script,) = (labextension.HOME / "coursekit" / "static").glob("*.js")
    assert script.read_text("utf-8") == joined()


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    require_chromium()
    course = make_released(tmp_path_factory.mktemp("lab") / "course")
    write_assignment(course.source / "x02", SECOND)
    return course


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    require_chromium()
    with chromium() as browser:
        yield browser


#: What kernels of a trainee's JupyterLab are forked from.
TEMPLATE = "coursekit.kernels.forkserver"
#: Keep all that a node says from now on.
REMEMBER = """node => {
  node.told = [];
  new MutationObserver(() => node.told.push(node.textContent)).observe(node, {childList: true, characterData: true, subtree: true});
}"""


@contextmanager
def lab(course: Course, *options: str) -> Iterator[str]:
    """Run ``coursekit lab`` on a free port; yields its address, token and all."""
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", "lab", *options]
    command += ["--port", "0", "--no-browser", "--course", str(course.root)]
    with serve(command, course.root, course.root / "config", READY) as url:
        yield url


@contextmanager
def watched(browser: Browser, url: str, width: int = 1280) -> Iterator[Page]:
    """Open *url* in a browser that knows nothing yet; the page may ask no other host and fail in no script."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    watch = Watch(page)
    page.on("console", lambda line: watch.errors.append(line.text) if _is_ours(line.type, line.text) else None)
    page.goto(url)
    try:
        yield page
        assert watch.outside == []
        # JupyterLab itself reports the requests that a killed kernel leaves unanswered
        assert [error for error in watch.errors if "Canceled future for" not in error] == []
    finally:
        context.close()


def _is_ours(kind: str, text: str) -> bool:
    return kind == "error" and ("coursekit" in text or "No provider" in text)


def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look."""
    if SHOTS:
        page.wait_for_timeout(400)
        page.screenshot(path=f"{SHOTS}/{name}.png")


def module(page: Page, name: str) -> Locator:
    """Return a module's card on 课程首页."""
    return page.locator(f'.ck-module[data-module="{name}"]')


def open_module(page: Page, name: str) -> Locator:
    """Open a module from 课程首页 and wait until its exercises stand."""
    module(page, name).get_by_role("button", name="打开").click()
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)[data-ck-ready]")
    panel.wait_for(timeout=60_000)
    return panel


def go_home(page: Page) -> None:
    """Go back to 课程首页."""
    page.locator(".ck-strip:visible").get_by_role("button", name="← 课程首页").click()
    page.locator(".ck-home").wait_for()


@pytest.mark.browser
def test_a_trainee_fetches_answers_checks_submits_and_keeps_a_receipt(course: Course, browser: Browser) -> None:
    """The whole way by mouse, and afterwards the feedback."""
    home = course.root / "homes" / "t001"
    with lab(course, "--trainee", "t001") as url:
        with watched(browser, url) as page:
            page.locator("[data-ck-home]").wait_for(timeout=60_000)
            shot(page, "trainee-1-home")
            _nothing_looks_like_programming(page)
            module(page, "x01").get_by_role("button", name="领取").click()
            expect(module(page, "x01").locator(".ck-chip")).to_have_text("进行中 0/3")
            released = (home / "x01" / "x01.ipynb").read_bytes()

            panel = open_module(page, "x01")
            exercise = card(page, "个体工商户设立登记")
            exercise.locator(".ck-seg label", has_text="合格").first.click()
            saved(exercise)
            shot(page, "trainee-2-notebook")
            _nothing_looks_like_programming(page)
            assert panel.get_attribute("data-ck-runs") == "1"

            panel.get_by_role("button", name="检查作答").click()
            dialog = page.get_by_role("dialog")
            expect(dialog).to_contain_text("共 3 道，已作答 1 道，还有 2 道没有作答")
            shot(page, "trainee-3-check")
            dialog.get_by_role("link", name="收件流程").click()
            expect(dialog).to_be_hidden()
            expect(card(page, "收件流程").locator("h3")).to_be_focused()
            expect(card(page, "收件流程").locator("h3")).to_be_in_viewport()

            panel.get_by_role("button", name="提交").click()
            dialog.get_by_role("button", name="提交", exact=True).click()
            code = page.locator(".ck-receipt").inner_text()
            shot(page, "trainee-4-receipt")
            assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", code)
            expect(dialog).to_contain_text("请抄下或拍下回执码")
            dialog.get_by_role("button", name="记下了").click()

            go_home(page)
            expect(module(page, "x01").locator(".ck-chip")).to_contain_text("已提交")
            expect(module(page, "x01")).to_contain_text(code)
            shot(page, "trainee-5-submitted")
            assert (home / "x01" / "x01.ipynb").read_bytes() == released

        day = Nbgrader(course)
        day.collect("x01")
        _grade(course)
        with watched(browser, url, width=360) as page:
            expect(module(page, "x01").locator(".ck-chip")).to_contain_text("已评分", timeout=60_000)
            shot(page, "trainee-6-graded-360")
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            module(page, "x01").get_by_role("button", name="查看反馈").click()
            page.frame_locator(".ck-framed iframe").get_by_text("总分").first.wait_for()
            shot(page, "trainee-7-feedback-360")
            page.get_by_role("button", name="← 课程首页").click()
            page.locator(".ck-home").wait_for()
            page.get_by_role("link", name="nbgrader 作业列表").click()
            page.get_by_text("x01").last.wait_for(timeout=60_000)
            shot(page, "trainee-8-assignment-list-360")
            page.locator("#coursekit-top").get_by_role("button").click()
            page.locator(".ck-home").wait_for()


def _grade(course: Course) -> None:
    from coursekit.feedback import write_feedback
    from coursekit.grade import grade_assignment

    grade_assignment(course, "x01")
    write_feedback(course, "x01")
    Nbgrader(course).release_feedback("x01")


def _nothing_looks_like_programming(page: Page) -> None:
    for what in (".jp-InputPrompt", ".cm-editor", "#jp-menu-panel", ".jp-SideBar", ".jp-NotebookPanel-toolbar"):
        assert page.locator(f"{what}:visible").count() == 0, what
    assert page.locator("#jp-main-statusbar:visible").count() == 0


@pytest.mark.browser
def test_only_what_the_course_handed_out_runs_by_itself(course: Course, browser: Browser) -> None:
    """A stranger's notebook with our marker, and ours with another line in a locked cell, show a note and stay cold."""
    home = fetched(course, "t002")
    ran = home / "ran"
    own = json.loads((home / "x01" / "x01.ipynb").read_text("utf-8"))
    code = next(cell for cell in own["cells"] if cell["cell_type"] == "code")
    code["source"] = f"open({str(ran)!r}, 'w').close()"
    (home / "stranger.ipynb").write_text(json.dumps(own), "utf-8")
    (home / "x01" / "x01.ipynb").write_text(json.dumps(own), "utf-8")
    with lab(course, "--trainee", "t002") as url:
        for path, note in (("stranger.ipynb", "不是本课程发放的"), ("x01/x01.ipynb", "和教师发放的不一样")):
            with watched(browser, url.replace("/lab?", f"/lab/tree/{path}?")) as page:
                page.locator("[data-ck-refused]:visible").wait_for(timeout=60_000)
                expect(page.locator(".ck-banner:visible")).to_contain_text(note)
                page.wait_for_timeout(1500)
                shot(page, f"refused-{path[:3]}")
                assert page.locator(".jp-OutputArea-output").count() == 0
    assert not ran.exists()


@pytest.mark.browser
def test_the_browser_and_the_server_take_the_same_fingerprint(course: Course, browser: Browser) -> None:
    """A locked cell in Chinese hashes alike in Python and in our JavaScript, which must do without crypto.subtle."""
    source = (labextension.HOME / "src" / "allow.js").read_text("utf-8")
    notebook = course.root / "release" / "x01" / "x01.ipynb"
    cells = [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    parts = [part for cell in cells for part in (cell["metadata"]["nbgrader"]["grade_id"], "".join(cell["source"]))]
    context = browser.new_context()
    ours = "texts => {" + source + "; return texts.map(sha256); }"
    texts = ["\n".join(parts), "", "一次性告知", *("甲" * n for n in range(17, 45))]
    found = context.new_page().evaluate(ours, texts)
    context.close()
    assert found[0] == notebook_digest(notebook)
    assert found == [sha256(text.encode()).hexdigest() for text in texts]


@pytest.mark.browser
def test_single_keys_and_two_tabs_do_no_harm(course: Course, browser: Browser) -> None:
    """D d, a, b, x change nothing; a second tab shows the same answer; the notebook never looks edited."""
    home = fetched(course, "t003")
    before = (home / "x01" / "x01.ipynb").read_bytes()
    with lab(course, "--trainee", "t003") as url, watched(browser, url) as page:
        page.locator("[data-ck-home]").wait_for(timeout=60_000)
        panel = open_module(page, "x01")
        count = panel.locator(".jp-Cell").count()
        panel.locator(".jp-RenderedMarkdown", has_text="一段课文").click()
        for key in ("d", "d", "a", "b", "x", "m", "Enter", "Shift+Enter", "Control+s"):
            page.keyboard.press(key)
        assert panel.locator(".jp-Cell").count() == count
        assert page.locator(".cm-editor:visible").count() == 0

        other = page.context.new_page()
        other.goto(url)
        other.locator("[data-ck-home]").wait_for(timeout=60_000)
        open_module(other, "x01")
        card(other, "个体工商户设立登记").locator(".ck-seg label", has_text="有问题").nth(1).click()
        saved(card(other, "个体工商户设立登记"))
        page.bring_to_front()
        page.evaluate("window.dispatchEvent(new Event('focus'))")  # a headless page always believes that it has it
        chosen = card(page, "个体工商户设立登记").locator(".ck-seg label:has(input:checked)", has_text="有问题")
        expect(chosen).to_have_count(1)
        assert page.locator(".jp-mod-dirty, .jp-Dialog").count() == 0
        assert other.locator(".jp-mod-dirty, .jp-Dialog").count() == 0
    assert (home / "x01" / "x01.ipynb").read_bytes() == before


@pytest.mark.browser
def test_kernel_trouble_is_told_in_plain_words_and_one_button_goes_on(course: Course, browser: Browser) -> None:
    """Killed, a kernel comes back by itself and runs once; shut down, 继续 brings it back; no dialog of JupyterLab's."""
    home = fetched(course, "t004")
    with lab(course, "--trainee", "t004") as url, watched(browser, url) as page:
        page.locator("[data-ck-home]").wait_for(timeout=60_000)
        panel = open_module(page, "x01")
        exercise = card(page, "个体工商户设立登记")
        exercise.locator(".ck-seg label", has_text="合格").first.click()
        saved(exercise)

        banner = panel.locator(".ck-banner")
        banner.evaluate(REMEMBER)
        (kernel,) = kernels(home / "x01")
        kernel.kill()
        expect(panel).to_have_attribute("data-ck-runs", "2", timeout=60_000)
        expect(banner).to_contain_text("练习已经恢复")
        shot(page, "kernel-1-back")
        told = banner.evaluate("node => node.told")  # a forked kernel is back sooner than anyone can read
        assert any("练习程序意外停止，正在自动重新启动" in said and "1 道已保存的作答都在" in said for said in told)
        banner.get_by_role("button", name="知道了").click()
        expect(banner).to_be_hidden()
        saved(exercise)
        expect(exercise.locator(".ck-seg label:has(input:checked)", has_text="合格")).to_have_count(1)

        _shut_kernels(page)
        expect(banner).to_contain_text("练习程序已关闭", timeout=30_000)
        shot(page, "kernel-2-gone")
        banner.get_by_role("button", name="继续").click()
        expect(panel).to_have_attribute("data-ck-runs", "3", timeout=60_000)
        saved(exercise)
        exercise.locator(".ck-seg label", has_text="有问题").nth(1).click()
        saved(exercise)
        assert panel.get_attribute("data-ck-runs") == "3"
        assert page.locator(".jp-Dialog").count() == 0
        assert b'"defect"' in bytes(journal.read(home / "x01" / journal.NAME).entries["x01-c1"].answer)


def kernels(folder: Path) -> list[psutil.Process]:
    """Return the kernels that work in *folder*: an instructor's, and those that a trainee's template process forked."""
    found = psutil.Process().children(recursive=True)
    templates = {process.pid for process in found if _runs(process, TEMPLATE)}
    forked = [process for process in found if process.ppid() in templates]
    ordinary = [process for process in found if _runs(process, "ipykernel_launcher")]
    return [process for process in forked + ordinary if process.cwd() == str(folder)]


def _runs(process: psutil.Process, module: str) -> bool:
    return module in " ".join(_command(process))


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _shut_kernels(page: Page) -> None:
    page.evaluate("""async () => {
        const headers = {"X-XSRFToken": document.cookie.match(/_xsrf=([^;]*)/)[1]};
        for (const kernel of await (await fetch("/api/kernels")).json()) await fetch(`/api/kernels/${kernel.id}`, {method: "DELETE", headers});
    }""")


@pytest.mark.browser
def test_an_unsaved_exercise_cannot_be_handed_in(course: Course, browser: Browser) -> None:
    """While an answer is not on the disk, 提交 says which one and refuses; when it is, 提交 goes through."""
    home = fetched(course, "t005")
    with lab(course, "--trainee", "t005") as url, watched(browser, url) as page:
        page.locator("[data-ck-home]").wait_for(timeout=60_000)
        panel = open_module(page, "x01")
        exercise = card(page, "个体工商户设立登记")
        (kernel,) = kernels(home / "x01")
        kernel.suspend()
        exercise.locator(".ck-seg label", has_text="合格").first.click()
        exercise.locator('.ck-status[data-state="lost"]').wait_for()
        panel.get_by_role("button", name="提交").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("还不能提交：“个体工商户设立登记”未保存")
        shot(page, "submit-refused")
        dialog.get_by_role("button").click()
        expect(panel.locator(".ck-banner")).to_contain_text("练习程序没有回应", timeout=30_000)
        kernel.resume()
        saved(exercise)
        panel.get_by_role("button", name="提交").click()
        dialog.get_by_role("button", name="提交", exact=True).click()
        page.locator(".ck-receipt").wait_for()


@pytest.mark.browser
def test_an_instructor_checks_releases_collects_grades_and_gives_feedback(course: Course, browser: Browser) -> None:
    """The whole day at 教学台, one button a step, with a trainee's work between."""
    with lab(course) as url, watched(browser, url) as page:
        row = page.locator('.ck-desk tr[data-assignment="x02"]')
        row.wait_for(timeout=60_000)
        shot(page, "desk-1-start")
        _press(page, row, "检查", "没有发现问题")
        _press(page, row, "发布", "已发布")
        home = fetched(course, "t006", "x02")
        from widgets import ChecklistReview

        right = {"rows": {f"r{n}": {"status": "ok"} for n in (1, 4)}, "disposition": "supplement"}
        ChecklistReview("x02-c1", home / "x02", "t006").save(right)
        Nbgrader(course).submit("x02", home, "t006")
        page.get_by_role("button", name="刷新", exact=True).click()
        expect(row.locator('[data-count="submitted"]')).to_have_text("1")
        _press(page, row, "收取", "新收 1 份")
        expect(row.locator('[data-count="collected"]')).to_have_text("1")
        _press(page, row, "评分", "评分完成：1 份")
        expect(row.locator('[data-count="graded"]')).to_have_text("1")
        shot(page, "desk-2-graded")
        _press(page, row, "发布反馈", "1 份反馈已发布")
        expect(row.locator('[data-count="feedback"]')).to_have_text("1")
        shot(page, "desk-3-feedback")
        with page.context.expect_page() as made:
            _press(page, row, "报表", "x02 的报表已生成")
        made.value.wait_for_url("**/coursekit/report/x02")
        expect(made.value.get_by_role("heading", name="总览：现在要做什么")).to_be_visible()
        expect(made.value.locator("#modules")).to_contain_text("x02")
        shot(made.value, "desk-5-report")
        expect(page.get_by_role("link", name="打开 x02 的报表")).to_be_visible()
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="人工评分").click()
        opened.value.get_by_text("x02").first.wait_for(timeout=60_000)
        shot(opened.value, "desk-4-formgrader")


def _press(page: Page, row: Locator, button: str, outcome: str) -> None:
    row.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".ck-desk .ck-note")).to_contain_text(outcome, timeout=120_000)
