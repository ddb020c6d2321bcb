"""Variants: a trainee's own, the same every time, and nobody else's counts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import CHECKLIST, CHECKLIST_KEY, ORDERING
from samples import sample

from widgets.assess import AnswerKey, Outcome, assess, parse_keys
from widgets.checklist import ChecklistSpec
from widgets.exercise import ChecklistReview
from widgets.journal import NAME, read
from widgets.page import score_page
from widgets.pool import Pool, load_pool, sitting
from widgets.score import Part, Score, Verdict
from widgets.spec import DataError

VARIANTS = ("1", "2", "3", "4")


def make_pool(folder: Path, exercise: str = "p1") -> Pool:
    """Write a checklist in four variants that differ in their title."""
    home = folder / "data" / exercise
    home.mkdir(parents=True)
    for name in VARIANTS:
        text = json.dumps(CHECKLIST | {"title": f"变式{name}"}, ensure_ascii=False)
        (home / f"{name}.json").write_text(text, "utf-8")
    return load_pool(folder, exercise)


def keys(pool: Pool) -> AnswerKey:
    """Return the key of all variants."""
    return parse_keys(pool, dict.fromkeys(VARIANTS, CHECKLIST_KEY), 6)


def test_a_trainee_always_gets_the_same_variant_and_a_class_all_of_them(tmp_path: Path) -> None:
    """Trainee and exercise alone decide, about evenly."""
    pool = make_pool(tmp_path)
    drawn = Counter(pool.variant(f"t{n:03d}") for n in range(400))
    assert set(drawn) == set(VARIANTS)
    assert min(drawn.values()) > 60
    assert [pool.variant(f"t{n:03d}") for n in range(20)] == [
        load_pool(tmp_path, "p1").variant(f"t{n:03d}") for n in range(20)
    ]


def test_every_sitting_draws_another_variant_while_there_is_one(tmp_path: Path) -> None:
    """The folder's name says which sitting it is; four variants last for four sittings, then they come again."""
    papers = [make_pool(tmp_path / name) for name in ("x01", "x01-2", "x01-3", "x01-4", "x01-5")]
    for trainee in (f"t{n:03d}" for n in range(50)):
        drawn = [pool.variant(trainee) for pool in papers]
        assert len(set(drawn[:4])) == 4
        assert drawn[4] == drawn[0]


@pytest.mark.parametrize(
    ("name", "parts"), [("e01", ("e01", 1)), ("e01-2", ("e01", 2)), ("e01-1", ("e01-1", 1)), ("a-b-9", ("a-b", 9))]
)
def test_the_name_of_a_sitting(name: str, parts: tuple[str, int]) -> None:
    """``-2`` to ``-9`` at the end count sittings; anything else belongs to the name."""
    assert sitting(name) == parts


def test_the_draw_is_the_same_on_every_machine() -> None:
    """These draws were made once and for all: a kit that drew otherwise would misjudge answers that are on record."""
    kind, spec = load_pool(Path(__file__).parents[1] / "docs", "show-ordering").kind, None
    pool = Pool("e02-t1", kind, dict.fromkeys(VARIANTS, spec))  # type: ignore[arg-type]
    assert [pool.variant(f"t{n:03d}") for n in range(1, 9)] == ["3", "4", "3", "2", "1", "4", "2", "2"]


def test_the_journal_records_the_variant_and_only_the_trainees_own_counts(tmp_path: Path) -> None:
    """An answer to another variant is an invalid answer, reported, worth 0."""
    pool = make_pool(tmp_path)
    ChecklistReview("p1", tmp_path, "t001").save(pool.kind.samples(pool.specs["1"], keys(pool).keys["1"]).right)
    entry = read(tmp_path / NAME).entries["p1"]
    assert entry.variant == pool.variant("t001")
    assert assess(keys(pool), entry, "t001").points == 6
    other = next(f"t{n:03d}" for n in range(99) if pool.variant(f"t{n:03d}") != entry.variant)
    found = assess(keys(pool), entry, other)
    assert (found.outcome, found.points) == (Outcome.INVALID, 0.0)
    assert "变式" in found.message


def test_every_variant_needs_its_key(tmp_path: Path) -> None:
    """A grade cell names the keys of all variants and of no other."""
    pool = make_pool(tmp_path)
    with pytest.raises(DataError, match="每个变式"):
        parse_keys(pool, dict.fromkeys(VARIANTS[:3], CHECKLIST_KEY), 6)
    with pytest.raises(DataError, match="每个变式"):
        parse_keys(pool, CHECKLIST_KEY, 6)


def test_variants_of_different_kinds_are_refused(tmp_path: Path) -> None:
    """All variants of an exercise are graded alike."""
    make_pool(tmp_path)
    (tmp_path / "data" / "p1" / "9.json").write_text(json.dumps(ORDERING), "utf-8")
    with pytest.raises(DataError, match="题型必须相同"):
        load_pool(tmp_path, "p1")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    """A pool without variants says what to do."""
    (tmp_path / "data" / "p1").mkdir(parents=True)
    with pytest.raises(DataError, match="没有变式"):
        load_pool(tmp_path, "p1")


def test_options_are_shuffled_by_trainee_and_stay_so() -> None:
    """Shuffling changes the order alone, differs between trainees and never between two looks of the same trainee."""
    data, _ = sample("choice-multi")
    pool = load_pool(Path(__file__).parents[1] / "docs", "show-choice-multi")
    orders = {tuple(option.id for option in _options(pool, f"t{n}")) for n in range(12)}
    assert len(orders) > 3
    assert len({frozenset(order) for order in orders}) == 1
    assert _options(pool, "t1") == _options(pool, "t1")
    assert {option["id"] for option in data["options"]} == set(next(iter(orders)))


def test_of_an_examination_no_page_shows_the_key() -> None:
    """A module's feedback explains; an examination's shows points and what was given."""
    score = Score(0.5, (Part("材料", "合格", "有问题；过期", Verdict.WRONG, "身份证已过期"),), (("查出率", "0%"),))
    module = msgspec.convert(CHECKLIST, ChecklistSpec)
    exam = msgspec.convert(CHECKLIST | {"policy": "examination"}, ChecklistSpec)
    assert "身份证已过期" in score_page(module, "审核", score, 3, 6)
    hidden = score_page(exam, "审核", score, 3, 6)
    assert "身份证已过期" not in hidden
    assert "有问题；过期" not in hidden
    assert "错误" not in hidden
    assert "得分 3 / 6" in hidden


def _options(pool: Pool, trainee: str) -> Any:
    shown: Any = pool.shown("", trainee)
    return shown.options


def test_an_ordering_is_never_shuffled_into_a_right_order() -> None:
    """The author's scrambled order is worth 0 and stays as it is: a shuffled one could be worth something."""
    pool = load_pool(Path(__file__).parents[1] / "docs", "show-ordering")
    assert pool.shown("", "t1") == pool.specs[""]
