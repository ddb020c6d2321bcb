"""Printable pages: a personal training file (培训档案) per trainee, and certificates; PDF where Chromium is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from coursekit.certificate import Certificate
from coursekit.course import Course, CourseError
from coursekit.evaluation import LABELS
from coursekit.ledger import Ledger, local
from coursekit.ledger_forms import PRESENT
from coursekit.office_files import written
from coursekit.roster import Person
from coursekit.templates import page_environment

#: Told how many pages more are done.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the marks of a personal file."""

    name: str
    title: str
    at: datetime | None
    score: float
    maximum: float
    penalty: float
    waits: bool
    comments: Sequence[str]


def person_page(ledger: Ledger, person: Person) -> str:
    """Render the personal file of one trainee; all text of any origin is escaped."""
    attended = [
        (ledger.sessions[one.session], one)
        for one in ledger.attendance.get(person.id, ())
        if one.session in ledger.sessions
    ]
    attended.sort(key=lambda pair: (pair[0].day, pair[0].starts))
    there = [session for session, one in attended if one.status in PRESENT]
    return _ENVIRONMENT.get_template("person.html.j2").render(
        ledger=ledger,
        settings=ledger.course.settings,
        rules=ledger.course.settings.evaluation,
        labels=LABELS,
        person=person,
        standing=ledger.standings.get(person.id),
        certificate=ledger.certificates.get(person.id),
        steps=ledger.decisions.get(person.id, ()),
        marks=_marks(ledger, person.id),
        comments=ledger.of_kind(person.id, "comment"),
        attended=attended,
        present=len(there),
        hours=sum((session.hours or Decimal(0) for session in there), Decimal(0)),
        skills=ledger.of_kind(person.id, "skill"),
        problems=ledger.of_kind(person.id, "problem"),
        honours=ledger.of_kind(person.id, "honour"),
        conduct=ledger.conduct.get(person.id, ()),
        undone=ledger.undone(person.id),
        forms=ledger.forms.get(person.id, ()),
    )


def certificate_page(course: Course, one: Certificate) -> str:
    """Render a certificate with the words it was issued with."""
    return _ENVIRONMENT.get_template("certificate.html.j2").render(one=one, issued=local(course, one.issued))


def write_persons(ledger: Ledger, folder: Path, progress: Progress = lambda _: None) -> list[Path]:
    """Write a personal file per trainee into *folder*, named by id and name."""
    pages = ((file_name(one.id, one.name), person_page(ledger, one)) for one in ledger.people.values())
    return _write(folder, pages, progress)


def write_certificates(
    course: Course, issued: Iterable[Certificate], folder: Path, progress: Progress = lambda _: None
) -> list[Path]:
    """Write certificates into *folder*, named by id and name."""
    return _write(
        folder, ((file_name(one.trainee, one.name), certificate_page(course, one)) for one in issued), progress
    )


def file_name(trainee: str, name: str) -> str:
    """Name a page after a person, whatever the name holds; a cut or changed id keeps apart by its hash."""
    safe = re.sub(r"[^\w.@-]+", "_", trainee)[:64].lstrip(".") or "_"
    if safe != trainee:
        safe += f"-{sha256(trainee.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    said = re.sub(r"[^\w-]+", "_", name)[:32].strip("_")
    return f"{safe}-{said}" if said else safe


def write_pdfs(pages: Sequence[Path], progress: Progress = lambda _: None) -> list[Path]:
    """Print pages to PDF beside them; raises CourseError where Chromium is missing or fails."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if browser is None:
        raise CourseError("没有找到 Chromium，不能生成 PDF。网页已经写好，可以用浏览器打开后打印成 PDF。")
    with tempfile.TemporaryDirectory(prefix="coursekit-pdf-") as profile:
        for page in pages:
            _print(browser, page, Path(profile))
            progress(1)
    return [page.with_suffix(".pdf") for page in pages]


def _print(browser: str, page: Path, profile: Path) -> None:
    made = profile / "page.pdf"
    made.unlink(missing_ok=True)
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", f"--user-data-dir={profile}/profile",
        f"--print-to-pdf={made}", page.resolve().as_uri(),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CourseError(f"{page.name} 没有打印成 PDF（{error}）。请用浏览器打开它再打印。") from None
    if done.returncode or not made.is_file():
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise CourseError(f"{page.name} 没有打印成 PDF（{''.join(words)}）。请用浏览器打开它再打印。")
    with written(page.with_suffix(".pdf")) as aside:
        aside.write_bytes(made.read_bytes())


def _marks(ledger: Ledger, trainee: str) -> list[Mark]:
    mine = ledger.results.get(trainee, {})
    said: dict[str, list[str]] = {}
    for comment in ledger.comments.get(trainee, ()):
        said.setdefault(comment.assignment, []).append(comment.text.strip())
    return [
        Mark(
            one.name, ledger.titles.get(one.name, one.name),
            ledger.local(found.timestamp), found.score, one.maximum, found.penalty, found.waits, said.get(one.name, []),
        )
        for one in ledger.assignments
        if (found := mine.get(one.name))
    ]  # fmt: skip


def _write(folder: Path, pages: Iterable[tuple[str, str]], progress: Progress) -> list[Path]:
    made = []
    for name, text in pages:
        with written(folder / f"{name}.html") as aside:
            aside.write_text(text, encoding="utf-8", errors="replace")
        made.append(folder / f"{name}.html")
        progress(1)
    return made


def _number(value: Decimal | float | None, digits: int = 1) -> str:
    """Write a number, or a dash where there is none."""
    return "—" if value is None else f"{value:.{digits}f}"


def _day(value: date | None) -> str:
    return "—" if value is None else f"{value:%Y-%m-%d}"


def _long_day(value: date) -> str:
    return f"{value.year} 年 {value.month} 月 {value.day} 日"


def _moment(value: datetime | None) -> str:
    return "—" if value is None else f"{value:%Y-%m-%d %H:%M}"


_ENVIRONMENT = page_environment()
_ENVIRONMENT.filters |= {"number": _number, "day": _day, "long_day": _long_day, "moment": _moment}
