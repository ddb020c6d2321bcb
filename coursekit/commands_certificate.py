"""Commands around certificates: issue, revoke, list, verify."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from coursekit.console import CourseOption, app, console, progress_bar, say, steps
from coursekit.course import Course, CourseError

if TYPE_CHECKING:
    from coursekit.certificate import Certificate, Graduate
    from coursekit.evaluate import Standing

certificate = typer.Typer(help="结业证书：签发、撤销、列表。", no_args_is_help=True)
app.add_typer(certificate, name="certificate")

CodeArgument = Annotated[str, typer.Argument(help="证书编号，如 DMD7-33QZ-MEC7")]


@certificate.command("issue")
def issue_certificates(
    trainee: Annotated[list[str] | None, typer.Argument(help="工号，缺省为全部合格的人")] = None,
    group: Annotated[str, typer.Option("--class", help="只要这个班级（花名册里的班级）")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="写到哪个文件夹（默认 ledger/证书）")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="另存为 PDF（要装有 Chromium）")] = False,
    course: CourseOption = Path(),
) -> None:
    """给合格的人签发证书；已有有效证书的只重新打印，编号不变。"""
    from coursekit.certificate import issue
    from coursekit.conduct import whoami
    from coursekit.evaluate import standings
    from coursekit.ledger_xlsx import FOLDER
    from coursekit.person_page import write_certificates, write_pdfs

    found = Course.find(course)
    graduates = _graduates(found, standings(found, group), trainee or [])
    if not graduates:
        raise CourseError(
            "没有可以签发证书的人：要有记录在案的“合格”（coursekit evaluate --write），待复核的要写明工号。"
        )
    issued = issue(found, graduates, whoami())
    pages = write_certificates(found, issued, out or found.root / FOLDER / "证书")
    if pdf:
        with progress_bar() as progress:
            write_pdfs(pages, steps(progress)("打印 PDF", len(pages)))
    for one in issued:
        say(f"{one.code}　{one.trainee}　{one.name}　{one.total:.1f}")
    say(f"证书 {len(pages)} 份　{pages[0].parent}")
    for one, now in zip(issued, graduates, strict=True):
        if (one.name, one.unit, one.total) != (now.name, now.unit, now.total):
            say(f"注意　{one.trainee} 的姓名、单位或总评后来改过，证书上还是原来的。要更正请先撤销 {one.code} 再签发。")


@certificate.command("revoke")
def revoke_certificate(
    code: CodeArgument,
    reason: Annotated[str, typer.Argument(help="原因")],
    course: CourseOption = Path(),
) -> None:
    """撤销一份证书，查验时会说明原因。"""
    from coursekit.certificate import revoke
    from coursekit.conduct import whoami

    one = revoke(Course.find(course), code, reason, whoami())
    say(f"已撤销　{one.code}　{one.trainee}　{one.name}　{one.reason}")


@certificate.command("list")
def list_certificates(course: CourseOption = Path()) -> None:
    """列出签发过的证书。"""
    from coursekit.certificate import load_certificates

    found = load_certificates(Course.find(course))
    table = Table(title="结业证书", caption=f"{len(found)} 份")
    for heading in ("编号", "工号", "姓名", "总评", "合格日期", "状态"):
        table.add_column(heading)
    for one in found:
        state = f"已撤销：{one.reason}" if one.revoked else "有效"
        facts = (one.code, one.trainee, one.name, f"{one.total:.1f}", f"{one.passed}", state)
        table.add_row(*map(escape, facts))
    console.print(table)


@app.command()
def verify(code: CodeArgument, course: CourseOption = Path()) -> None:
    """查验证书：有效、已撤销，还是没有这份证书。"""
    from coursekit.certificate import find

    found = Course.find(course)
    one = find(found, code)
    for label, text in _facts(found, one):
        say(f"{label}　{text}")
    if one.revoked:
        raise typer.Exit(1)


def _facts(course: Course, one: Certificate) -> list[tuple[str, str]]:
    from coursekit.ledger import local

    said = [("证书", f"{one.code}　{'已撤销' if one.revoked else '有效'}")]
    if one.revoked:
        said.append(("撤销", f"{local(course, one.revoked):%Y-%m-%d}　{one.reason}（{one.revoked_by}）"))
    return [
        *said,
        ("姓名", f"{one.name}（工号 {one.trainee}）"),
        ("单位", one.unit or "—"),
        ("课程", one.course),
        ("总评", f"{one.total:.1f}"),
        ("合格", f"{one.passed}"),
        ("签发", f"{local(course, one.issued):%Y-%m-%d}　{one.centre}"),
        ("请核对", "以上内容与证书上的一致才有效。"),
    ]


def _graduates(course: Course, found: Sequence[Standing], chosen: Sequence[str]) -> list[Graduate]:
    """Return who may have a certificate; who is to be reviewed must be named. Raises CourseError for who may not."""
    from coursekit.certificate import Graduate, load_certificates
    from coursekit.ledger import local
    from coursekit.states import State

    by_id = {one.trainee: one for one in found}
    for trainee in chosen:
        if trainee not in by_id:
            raise CourseError(f"没有工号为“{trainee[:64]}”的在册学员。请检查写法：coursekit roster list")
        if by_id[trainee].state is not State.PASSED:
            raise CourseError(f"{trainee} 现在是“{by_id[trainee].state.value}”，只有合格的人才能发证书。")
    holders = {one.trainee for one in load_certificates(course) if one.revoked is None}
    graduates = []
    for one in [by_id[trainee] for trainee in dict.fromkeys(chosen)] or found:
        if one.state is not State.PASSED or one.total is None or one.since is None:
            continue
        if one.review and not chosen and one.trainee not in holders:
            say(
                f"待复核　{one.trainee}　{one.name}　总评 {one.total:.1f}；复核无误后：coursekit certificate issue {one.trainee}"
            )
            continue
        graduates.append(Graduate(one.trainee, one.name, one.unit, one.total, local(course, one.since).date()))
    return graduates
