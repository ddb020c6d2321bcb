"""Certificates: only for who passed, with a code that proves itself, and revocable for ever."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from browsing import chromium, open_on_telephone, require_chromium
from building import copied
from hypothesis import given
from hypothesis import strategies as st
from office import NAMES, UNIT, enrol, evaluated_course, mark, run

from coursekit.certificate import ALPHABET, Graduate, issue, load_certificates, new_code, parse_code, revoke
from coursekit.conduct import add_points
from coursekit.course import Course, CourseError
from coursekit.evaluate import evaluate_course
from coursekit.person_page import certificate_page

#: A code as its eleven drawn places.
DRAWS = st.lists(st.integers(0, len(ALPHABET) - 1), min_size=11, max_size=11)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return evaluated_course(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    return copied(released, tmp_path / "course")


def code_in(said: str) -> str:
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", said)
    assert found is not None, said
    return found[0]


def test_who_passed_gets_a_certificate_and_verify_says_whose_it_is(course: Course, tmp_path: Path) -> None:
    """One page, with the code on it; whoever asks by the code learns name, course, mark and day."""
    said = run(course, "certificate", "issue", "t1", "--out", str(tmp_path / "证书"))
    code = code_in(said)
    (page,) = (tmp_path / "证书").iterdir()
    assert code in page.read_text("utf-8")
    assert page.stat().st_mode & 0o077 == 0
    said = run(course, "verify", f" {code.lower().replace('-', ' ')}")
    for text in (f"{code}　有效", NAMES["t1"], "工号 t1", "81.9", course.settings.centre, "请核对"):
        assert text in said, text
    assert "t2" not in said


def test_a_certificate_is_issued_once(course: Course) -> None:
    """Issuing again prints the same code; a name put right later is said and not silently printed."""
    assert "待复核　t1" in run(course, "certificate", "issue", code=1)  # 81.9 is within one standard error of 80
    first = code_in(run(course, "certificate", "issue", "t1"))
    assert code_in(run(course, "certificate", "issue")) == first
    enrol(course, {"t1": "赵一"})
    assert f"要更正请先撤销 {first} 再签发" in run(course, "certificate", "issue", "t1")
    run(course, "certificate", "revoke", first, "姓名更正")
    second = code_in(run(course, "certificate", "issue", "t1"))
    assert second != first
    assert "赵一" in run(course, "verify", second)
    assert [one.code for one in load_certificates(course)] == [first, second]


def test_a_revoked_certificate_says_so_for_ever(course: Course) -> None:
    """Verify ends with status 1 and names the reason; nothing is deleted, nothing revoked twice."""
    code = code_in(run(course, "certificate", "issue", "t1"))
    with pytest.raises(CourseError, match="请写明撤销的原因"):
        revoke(course, code, "  ", "me")
    assert "替考" in run(course, "certificate", "revoke", code, "[b]替考")
    said = run(course, "verify", code, code=1)
    assert f"{code}　已撤销" in said
    assert "[b]替考" in said
    assert "有效" not in said.splitlines()[0]
    assert "已经撤销过" in run(course, "certificate", "revoke", code, "再来", code=1)
    assert "已撤销：[b]替考" in run(course, "certificate", "list")


def test_an_unknown_or_mistyped_code_is_refused(course: Course) -> None:
    """A slip of the pen is told from a code that nobody issued."""
    code = code_in(run(course, "certificate", "issue", "t1"))
    other = new_code([1] * 11)
    assert f"没有编号为 {other} 的证书" in run(course, "verify", other, code=1)
    wrong = ("3" if code[0] == "2" else "2") + code[1:]
    assert "抄错了" in run(course, "verify", wrong, code=1)
    for text in ("7F3A-91BC-02DE", "", "'; DROP TABLE", "2" * 500):
        assert "不是证书编号" in run(course, "verify", text, code=1)


def test_nobody_gets_one_without_having_passed(course: Course) -> None:
    """A recorded 合格 is needed; who is close to the line must be named after a person looked."""
    assert "t2 现在是“强化培训”" in run(course, "certificate", "issue", "t2", code=1)
    assert "没有工号为“t9”" in run(course, "certificate", "issue", "t9", code=1)
    assert "coursekit evaluate --write" in run(course, "certificate", "issue", "--class", "二班", code=1)


def test_who_lost_the_pass_gets_none(course: Course) -> None:
    """When marks or conduct change and the change is recorded, there is nothing to certify."""
    mark(course, "e01", {"t1": (0, 0)})
    add_points(course, "t1", Decimal(-5), "缺勤", "考勤表")
    evaluate_course(course, write=True)
    issued = [one.trainee for one in load_certificates(course)]
    assert issued == []


@given(DRAWS)
def test_a_code_survives_how_people_type_it(draw: list[int]) -> None:
    """Small letters, blanks, any dash; every code has the same form and no letter that looks like a digit."""
    code = new_code(draw)
    assert parse_code(code.lower().replace("-", " — ")) == code
    assert not set(code) & set("01ILO")


@given(DRAWS, st.integers(0, 11), st.integers(1, len(ALPHABET) - 1), st.integers(0, 11))
def test_every_slip_of_one_place_and_every_swap_of_two_is_noticed(
    draw: list[int], place: int, off: int, other: int
) -> None:
    """The last letter is a sum modulo the prime 31 with weights that all differ."""
    letters = list(new_code(draw).replace("-", ""))
    slip = letters.copy()
    slip[place] = ALPHABET[(ALPHABET.index(slip[place]) + off) % len(ALPHABET)]
    swap = letters.copy()
    swap[place], swap[other] = swap[other], swap[place]
    for wrong in (slip, swap):
        if wrong != letters:
            with pytest.raises(CourseError, match="抄错了"):
                parse_code("".join(wrong))


def test_codes_are_drawn_anew_each_time() -> None:
    """Nobody can tell one code from another."""
    assert len({new_code() for _ in range(200)}) == 200


def test_the_page_escapes_every_word(course: Course) -> None:
    """Names, units and the course's own name are text."""
    day = evaluate_course(course).standings[0].since
    assert day is not None
    who = Graduate("t2", NAMES["t2"], f"<i>{UNIT}", Decimal("87.9"), day.date())
    (one,) = issue(course, [who], "me")
    page = certificate_page(course, one)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<i>" not in page


@pytest.mark.browser
def test_the_certificate_fits_one_page_and_a_telephone(course: Course, tmp_path: Path) -> None:
    """One A4 page in landscape, whatever the name; no sideways scrolling at 320 px; no request."""
    require_chromium()
    run(course, "certificate", "issue", "t1", "--out", str(tmp_path), "--pdf")
    (page_file,) = tmp_path.glob("*.html")
    (pdf,) = tmp_path.glob("*.pdf")
    text = pdf.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", text)) == 1
    assert re.search(rb"/MediaBox\s*\[0 0 84[12]", text)
    with chromium() as browser:
        open_on_telephone(browser, page_file)
