"""The rules of a live class: what may happen when, whoever presses what in whatever order."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.live.figures import flow, matrix, qr
from coursekit.live.records import Vote
from coursekit.live.rules import (
    AHEAD,
    CLOSED,
    LATE,
    NOT_OPEN,
    OVER,
    TWICE,
    UNKNOWN,
    Ballot,
    Command,
    RefusedError,
    Session,
    act,
    admit,
    first,
    majority,
    own_place,
    shared_place,
)
from widgets.story import End, Node, Option, Story

VERBS = ("open", "lock", "reveal", "revote", "follow")


def option(name: str, to: str, **more: object) -> Option:
    return Option(name, f"做法{name}", to, f"结果{name}", **more)  # type: ignore[arg-type]


#: n1 → n2 (timed) → good or n1 again; option c of n2 opens only when patience is left.
STORY = Story(
    "n1",
    {"patience": 1},
    {
        "n1": Node("接待", "您好", (option("a", "n2"), option("b", "n2", set={"patience": -1}))),
        "n2": Node(
            "核对",
            "材料",
            (option("a", "good"), option("b", "n1"), option("c", "bad", guard="patience >= 1")),
            time_limit_s=30,
            on_timeout="bad",
        ),
    },
    {"good": End("办结", "好", "good"), "bad": End("没有办成", "差", "bad")},
)


def session(mode: str = "trainer", *, closed: bool = False) -> Session:
    return Session(mode, (first(STORY),), closed)  # type: ignore[arg-type]


def do(now: Session, verb: str, choice: str | None = None) -> Session:
    last = now.questions[-1]
    return act(now, STORY, Command(verb, last.n, last.round, last.state, choice))  # type: ignore[arg-type]


def played(*verbs: str | tuple[str, str | None]) -> Session:
    now = session()
    for one in verbs:
        now = do(now, one) if isinstance(one, str) else do(now, *one)
    return now


def test_a_question_goes_from_draft_to_revealed_and_round_again() -> None:
    """Draft → open → locked → revealed → revote → locked → revealed → the next node."""
    states = []
    now = session()
    for verb in ("open", "lock", "reveal", "revote", "lock", "reveal"):
        now = do(now, verb)
        states.append((now.questions[-1].state, now.questions[-1].round))
    assert states == [("open", 1), ("locked", 1), ("revealed", 1), ("open", 2), ("locked", 2), ("revealed", 2)]
    now = do(now, "follow", "b")
    assert [(q.node, q.state, q.taken) for q in now.questions] == [("n1", "passed", "b"), ("n2", "draft", None)]
    assert dict(shared_place(STORY, now.questions).levels) == {"patience": 0}


def test_the_class_cannot_follow_an_option_that_is_not_open() -> None:
    """Guards hold for the class's own variables; only a timed step can be left to time."""
    now = played("open", "lock", "reveal", ("follow", "b"), "open", "lock", "reveal")
    with pytest.raises(RefusedError, match="没有这种做法"):
        do(now, "follow", "c")
    with pytest.raises(RefusedError, match="没有这种做法"):
        do(played("open", "lock", "reveal"), "follow", None)
    late = do(now, "follow", None)
    assert shared_place(STORY, late.questions).at == "bad"
    assert len(late.questions) == 2


@given(st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(["a", "b", "c", None])), max_size=30))
def test_no_order_of_commands_breaks_a_class(commands: list[tuple[str, str | None]]) -> None:
    """Whatever is pressed, questions stay numbered, only the last is unfinished, and the path fits the story."""
    now = session()
    for verb, choice in commands:
        try:
            after = do(now, verb, choice)
        except RefusedError:
            continue
        assert [q.n for q in after.questions] == list(range(1, len(after.questions) + 1))
        assert all(q.state == "passed" for q in after.questions[:-1])
        place = shared_place(STORY, after.questions)
        assert place.at in STORY.ends if after.questions[-1].state == "passed" else place.at == after.questions[-1].node
        now = after


@given(st.sampled_from(VERBS), st.integers(1, 3), st.integers(1, 3))
def test_a_command_for_an_old_screen_changes_nothing(verb: str, n: int, round_: int) -> None:
    """A button pressed twice, or on a second console, is harmless."""
    now = played("open")
    stale = Command(verb, n, round_, "draft")  # type: ignore[arg-type]
    assert act(now, STORY, stale) is now


REFUSALS = [
    (session(), Ballot(1, "n1", "a"), [], NOT_OPEN),
    (played("open"), Ballot(2, "n2", "a"), [], NOT_OPEN),
    (played("open"), Ballot(1, "n1", "a", 2), [], NOT_OPEN),
    (played("open", "lock"), Ballot(1, "n1", "a"), [], LATE),
    (played("open", "lock", "reveal"), Ballot(1, "n1", "a"), [], LATE),
    (played("open", "lock", "reveal", "revote"), Ballot(1, "n1", "a", 1), [], LATE),
    (played("open", "lock", "reveal", ("follow", "a")), Ballot(1, "n1", "a"), [], LATE),
    (played("open"), Ballot(1, "n1", "z"), [], UNKNOWN),
    (played("open"), Ballot(1, "n2", "a"), [], UNKNOWN),
    (played("open"), Ballot(1, "n1", None), [], UNKNOWN),
    (played("open"), Ballot(1, "n1", "a"), [Ballot(1, "n1", "b")], TWICE),
    (session(closed=True), Ballot(1, "n1", "a"), [], CLOSED),
    (session("free"), Ballot(2, "n2", "a"), [], AHEAD),
    (session("free"), Ballot(1, "n2", "a"), [], UNKNOWN),
    (session("free"), Ballot(1, "n1", None), [], UNKNOWN),
    (session("free"), Ballot(2, "n2", "c"), [Ballot(1, "n1", "b")], UNKNOWN),
    (session("free"), Ballot(3, "n1", "a"), [Ballot(1, "n1", "a"), Ballot(2, "n2", "a")], OVER),
    (session("free", closed=True), Ballot(1, "n1", "a"), [], CLOSED),
]


@pytest.mark.parametrize(("now", "ballot", "cast", "words"), REFUSALS)
def test_every_refusal_is_said_in_plain_words(now: Session, ballot: Ballot, cast: list[Ballot], words: str) -> None:
    """Too early, too late, twice, unknown, closed: each has its own sentence, and none is admitted."""
    with pytest.raises(RefusedError) as found:
        admit(now, STORY, ballot, cast)
    assert str(found.value) == words


@given(st.sampled_from([session(), played("open"), played("open", "lock"), session(closed=True), session("free")]))
def test_the_same_ballot_again_is_acknowledged_and_not_counted(now: Session) -> None:
    """A page that lost its acknowledgement may send again, even after the lock or the end of the class."""
    ballot = Ballot(1, "n1", "a")
    assert admit(now, STORY, ballot, [ballot]) is False


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=8))
def test_a_free_run_is_a_path_of_the_story(choices: list[str | None]) -> None:
    """What is admitted one by one can be walked as a whole."""
    cast: list[Ballot] = []
    for choice in choices:
        place = own_place(STORY, cast)
        ballot = Ballot(len(cast) + 1, place.at if place.at in STORY.nodes else "n1", choice)
        try:
            assert admit(session("free"), STORY, ballot, cast)
        except RefusedError:
            continue
        cast.append(ballot)
    assert own_place(STORY, cast).at in {*STORY.nodes, *STORY.ends}


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)))
def test_the_majority_is_nobodys_when_two_are_level(counts: dict[str, int]) -> None:
    """A tie, or no vote at all, is the trainer's to decide."""
    top = [name for name, count in counts.items() if count and count == max(counts.values())]
    assert majority(counts) == (top[0] if len(top) == 1 else None)


PATHS = st.lists(st.lists(st.sampled_from(["a", "b", None]), min_size=3, max_size=3), max_size=30)


@given(PATHS)
def test_a_flow_loses_nobody(paths: list[list[str | None]]) -> None:
    """Boxes count who chose, ribbons who went on, and nothing is drawn outside."""
    drawn = flow(paths, [["a", "b"]] * 3)
    for column in range(3):
        counts = Counter(path[column] for path in paths if path[column])
        assert {box.name: box.count for box in drawn.boxes if box.column == column} == dict(counts)
    for column in range(2):
        pairs = Counter((p[column], p[column + 1]) for p in paths if p[column] and p[column + 1])
        assert {(r.source, r.target): r.count for r in drawn.ribbons if r.column == column} == dict(pairs)
    for one in drawn.boxes:
        assert one.y >= 0
        assert one.y + one.height <= drawn.height + 1e-6


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab")), max_size=20))
def test_a_matrix_counts_who_voted_twice(pairs: list[tuple[str, str]]) -> None:
    """Each trainee of both rounds is in exactly one field; who voted once is in none."""
    now = datetime(2026, 11, 22)  # noqa: DTZ001  the store's own form
    votes = [Vote("once", Ballot(1, "n1", "a"), now)]
    for number, (before, after) in enumerate(pairs):
        votes += [Vote(f"t{number}", Ballot(1, "n1", name, r), now) for r, name in ((1, before), (2, after))]
    found = matrix(votes, 1, 1, 2)
    assert Counter({(a, b): n for a, row in found.items() for b, n in row.items()}) == Counter(pairs)


def test_the_join_code_is_square_and_has_a_quiet_zone() -> None:
    """Phones need four light modules around the code."""
    side, path = qr("http://192.168.1.8:8866/class/482913")
    corners = {(0, 0), (3, 3), (side - 1, 3), (3, side - 1)}
    dark = {tuple(map(int, one.split("h")[0].split(","))) for one in path.split("M")[1:]}
    assert not dark & corners
    assert (4, 4) in dark
    assert max(x for x, _ in dark) < side - 4
