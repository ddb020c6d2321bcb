"""Identity numbers (GB 11643) and social credit codes (GB 32100): right wherever they stand, wrong only where a key says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from rulebook import ASSIGNMENTS, COURSE, birthday, id_sign, of_kind, sex, uscc_sign, valid_uscc, variant, variants

from coursekit.notebooks import read_notebook, text

PERSON = re.compile(r"(?<![0-9A-Z])(9901\d{9,16}[0-9X])(?![0-9A-Z])")
FIRM = re.compile(r"(?<![0-9A-Z])(9[1-3]9901\d\d[0-9A-Z]{6,14})(?![0-9A-Z])")
#: Reasons that speak of a number itself, and what is then wrong with it.
LAST, DATE, LETTER, LENGTH = "末位", "出生日期", "字母", "位"

#: Where a wrong number is the matter of an exercise without marked cells: (exercise, variant) → the numbers.
ON_PURPOSE = {
    ("m05-j02", ""): {"990102199512082658"},  # the last digit is asked for
    ("m05-j03", ""): {"92990102MA0P7R6KT"},  # the last sign is asked for
    ("m05-f02", ""): {"91990103MAOHQ7P3NT"},  # handwriting with the letter O, beside the licence
    ("e01-q22", "1"): {"990101198306310173"},  # which entries are wrong: 31 June
    ("e01-q22", "2"): {"91990102MA0I3E9DG7"},  # which codes are possible
}


def numbers(words: str) -> list[str]:
    """Find numbers of both kinds, also those written in groups, too short or too long."""
    joined = re.sub(r"(?<=[0-9A-Z]) (?=[0-9A-Z])", "", words)
    return PERSON.findall(joined) + FIRM.findall(joined)


def fault(number: str) -> str | None:
    """Say what is wrong with a number: its length, a letter, the date or the last character."""
    if len(number) != 18:
        return LENGTH
    if FIRM.fullmatch(number):
        return None if valid_uscc(number) else LETTER if set(number) & set("IOSVZ") else LAST
    return DATE if birthday(number) is None else None if number[17] == id_sign(number) else LAST


def places(spec: Any) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of everything that an exercise shows; cells are called row/column."""
    for row in getattr(spec, "rows", ()):
        yield from ((f"{row.id}/{column}", words) for column, words in row.cells.items())
    for name, value in msgspec.to_builtins(spec).items():
        if name != "rows":
            yield name, str(value)


def marked(exercise: str, name: str) -> dict[str, str]:
    """Return the reasons that a key gives for wrong cells (spotting) and rows (checklist)."""
    found = variant(exercise, name)
    if found.kind.name == "spotting":
        reasons = {reason.id: reason.text for reason in found.spec.reasons}  # type: ignore[attr-defined]
        return {cell: reasons[error.reason] for cell, error in found.key.errors.items()}
    if found.kind.name == "checklist":
        return {row: key.why for row, key in found.key.rows.items() if key.status == "defect"}
    return {}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_numbers_are_right_unless_the_key_says_otherwise(assignment: str) -> None:
    """No exercise shows a number with a wrong last character, day or letter that nobody is meant to find."""
    wrong = []
    for exercise, name in variants(assignment):
        errors = marked(exercise, name)
        for place, words in places(variant(exercise, name).spec):
            meant = place in errors or place.split("/")[0] in errors
            bad = {number for number in numbers(words) if fault(number)} - ON_PURPOSE.get((exercise, name), set())
            if bad and not meant:
                wrong.append((exercise, name, place, bad))
    assert wrong == []


def test_what_is_wrong_on_purpose_is_wrong() -> None:
    """The list of exceptions holds no number that is right after all."""
    for (exercise, name), listed in ON_PURPOSE.items():
        shown = {number for _, words in places(variant(exercise, name).spec) for number in numbers(words)}
        assert listed <= shown
        assert all(fault(number) for number in listed)


def test_cells_marked_for_their_number_are_wrong_in_that_way() -> None:
    """A reason that names the last character, the birthday or a letter is true, and the only one that is."""
    seen = []
    for exercise, name in of_kind("spotting"):
        cells = dict(places(variant(exercise, name).spec))
        for cell, reason in marked(exercise, name).items():
            (number,) = numbers(cells[cell]) or [""]
            if cell.endswith(("/idno", "/uscc", "/code", "/no2")) and number:
                seen.append(reason)
                expected = {LAST: "末位与", DATE: "出生日期", LETTER: "字母", LENGTH: "位"}.get(
                    str(fault(number)), "与主体|开头|字不|颠倒|数字录错"
                )
                if exercise == "m05-w01":
                    assert fault(number), (cell, "a number typed wrong should not pass the check")
                else:
                    assert re.search(expected, reason), (exercise, name, cell, reason)
                if fault(number) == DATE and exercise != "m05-w01":
                    assert number[17] == id_sign(number), "the last character was to be right"
    assert len(seen) >= 15


def test_the_sex_of_a_row_is_that_of_its_number_unless_marked() -> None:
    """A sex that contradicts the 17th digit is an error in the key, and no other is marked so."""
    compared = 0
    for exercise, name in of_kind("spotting"):
        found = variant(exercise, name)
        reasons = marked(exercise, name)
        for row in found.spec.rows:  # type: ignore[attr-defined]
            given = {c: words[-2] if words.endswith("）") else words for c, words in row.cells.items()}
            columns = [column for column, words in given.items() if words in ("男", "女")]
            people = [one for words in row.cells.values() for one in PERSON.findall(words)]
            if len(columns) == 1 and len(people) == 1:
                compared += 1
                differs = given[columns[0]] != sex(people[0])
                assert ("第 17 位" in reasons.get(f"{row.id}/{columns[0]}", "")) == differs, (exercise, name, row.id)
    assert compared >= 60


def test_form_answers_are_valid_numbers() -> None:
    """What a form takes as an identity number or code is one; sex and birthday in the same form follow from it."""
    compared = 0
    for exercise, name in of_kind("form"):
        found = variant(exercise, name)
        keys = found.key.fields
        people = []
        for field in found.spec.fields:  # type: ignore[attr-defined]
            for answer in keys[field.id].accept:
                if field.input in ("id_no", "uscc"):
                    compared += 1
                    assert numbers(answer) == [answer], (exercise, name, field.id)
                    assert fault(answer) is None, (exercise, name, field.id)
                    people += [answer] if field.input == "id_no" else []
        for field in found.spec.fields:  # type: ignore[attr-defined]
            if people and field.text == "性别":
                (chosen,) = (option.text for option in field.options if option.id in keys[field.id].accept)
                assert chosen == sex(people[0])
            if people and field.text == "出生日期":
                assert keys[field.id].accept[0] == str(birthday(people[0]))
    assert compared >= 12


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_numbers_in_lessons_are_right(assignment: str) -> None:
    """A whole number in a lesson can be copied by a trainee, so it passes the check."""
    for path in (COURSE.source / assignment).glob("*.ipynb"):
        for cell in read_notebook(path)["cells"]:
            if cell["cell_type"] == "markdown":
                assert [one for one in numbers(text(cell)) if fault(one)] == [], cell["id"]


def test_the_formulas_agree_with_published_examples() -> None:
    """The example numbers of both standards pass, and fail with another last character."""
    assert id_sign("11010519491231002") == "X"
    assert id_sign("44052418800101001") == "4"
    assert valid_uscc("91350100M000100Y43")
    assert uscc_sign("91350100M000100Y4") == "3"
    assert not valid_uscc("91350100M000100Y44")
