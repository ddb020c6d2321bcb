"""The class store: no acknowledged vote is lost, none is counted twice, and a failure is said and not fatal."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from postgresql import POSTGRES, postgres
from samples import sample
from sqlalchemy import event
from voting import opened, voter

from coursekit.live.database import StoreError
from coursekit.live.records import CRITERIA, Class, Rating
from coursekit.live.rules import Ballot, Command, RefusedError
from coursekit.live.store import Store
from widgets.scenario import ScenarioSpec

DATA, _ = sample("scenario")
SPEC = json.dumps(DATA, ensure_ascii=False)
STORY = msgspec.json.decode(SPEC, type=ScenarioSpec).story
OPTIONS = [option.id for option in STORY.nodes["n01"].options]


@pytest.fixture(autouse=True)
def _preloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fork server find what it loads beforehand; what it does not find it passes over without a word."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'class.db'}"


@pytest.fixture(name="store")
def _store(url: str) -> Iterator[Store]:
    with opened(url) as store:
        yield store


def started(store: Store, mode: Any = "trainer") -> tuple[Class, str]:
    return store.create(drill="d01", exercise="d01-s01", spec=SPEC, mode=mode, size=60, address="http://10.0.0.2:8866")


def do(store: Store, one: Class, verb: Any, option: str | None = None) -> None:
    last = store.snapshot(one).session.questions[-1]
    store.act(one, STORY, Command(verb, last.n, last.round, last.state, option))


def test_a_class_is_found_by_its_code_and_opened_by_its_key_only(store: Store) -> None:
    """A wrong code, a wrong key and a store that was never made are refusals; the key is stored nowhere."""
    with pytest.raises(RefusedError, match="口令不对"):
        store.find("123456")
    one, key = started(store)
    assert store.find(one.code) == store.unlock(f" {one.code} ", key) == one
    wrong = ("", "0", one.code[:-1], f"{one.code}0", "' OR 1=1", "１２３", f"-{one.code}", f"{int(one.code) ^ 1:06}")
    for code in wrong:
        with pytest.raises(RefusedError, match="口令不对"):
            store.find(code)
    with pytest.raises(RefusedError, match="控制台"):
        store.unlock(one.code, key[:-1])
    assert key not in Path(store.database.url.removeprefix("sqlite:///")).read_bytes().decode("latin-1")


def test_a_class_goes_on_at_another_address_with_a_new_key(store: Store) -> None:
    """What was voted stays, the old console opens nothing, and a class that is over stays so."""
    one, old = started(store)
    do(store, one, "open")
    store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
    again, key = store.resume(one, "http://10.0.0.3:8866")
    assert store.unlock(one.code, key) == again
    assert again.join == f"http://10.0.0.3:8866/class/{one.code}"
    with pytest.raises(RefusedError, match="控制台"):
        store.unlock(one.code, old)
    assert store.snapshot(again).answered(1, 1) == 1
    store.close(again)
    with pytest.raises(RefusedError, match="已经结束"):
        store.resume(again, "http://10.0.0.3:8866")


def test_asking_for_a_store_does_not_make_one(store: Store, tmp_path: Path) -> None:
    """Listing classes of a course that never had one leaves no file behind."""
    assert store.classes() == []
    assert list(tmp_path.iterdir()) == []


def test_a_vote_counts_once_however_often_it_is_sent(store: Store) -> None:
    """Sending again is acknowledged; another option is refused; a vote after the lock is refused and not stored."""
    one, _ = started(store)
    do(store, one, "open")
    for _ in range(3):
        store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
    with pytest.raises(RefusedError, match="已经提交过"):
        store.vote(one, STORY, "t1", Ballot(1, "n01", "b"))
    do(store, one, "lock")
    with pytest.raises(RefusedError, match="来晚了"):
        store.vote(one, STORY, "t2", Ballot(1, "n01", "a"))
    store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
    assert store.snapshot(one).counts == {(1, 1): {"a": 1}}


def test_paper_votes_add_up_and_replace_each_other(store: Store) -> None:
    """What was typed last counts, beside the votes that came by network; nonsense is refused."""
    one, _ = started(store)
    do(store, one, "open")
    store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
    store.tally(one, 1, 1, {"a": 5, "b": 7})
    store.tally(one, 1, 1, {"a": 2, "c": 3})
    assert store.snapshot(one).count(1, 1) == {"a": 3, "c": 3}
    for n, round_, counts in (
        (2, 1, {"a": 1}),
        (1, 2, {"a": 1}),
        (1, 1, {"z": 1}),
        (1, 1, {"a": -1}),
        (1, 1, {"a": 10**30}),
        (1, 1, {"a": 30, "b": 30}),
    ):
        with pytest.raises(RefusedError, match=r"[一-鿿]"):
            store.tally(one, n, round_, counts)
    assert store.snapshot(one).count(1, 1) == {"a": 3, "c": 3}


def test_paper_and_network_together_have_no_more_votes_than_the_class(store: Store) -> None:
    """A class of 60 of whom one voted by network has 59 on paper, and more where more came in."""
    one, _ = started(store)
    do(store, one, "open")
    store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
    store.tally(one, 1, 1, {"a": 29, "b": 30})
    with pytest.raises(RefusedError, match="共 60 张，加上网上已收到的 1 票，超过全班 60 人"):
        store.tally(one, 1, 1, {"a": 30, "b": 30})
    assert store.snapshot(one).answered(1, 1) == 60
    for number in range(61):
        store.join(one, f"t{number}")
    store.tally(one, 1, 1, {"a": 30, "b": 30})
    assert store.snapshot(one).answered(1, 1) == 61


def test_an_observer_scores_four_criteria_from_0_to_4(store: Store) -> None:
    """A second score of the same group replaces the first; missing and impossible scores are refused."""
    one, _ = started(store)
    store.rate(one, Rating("一组", dict.fromkeys(CRITERIA, 1), ("t1", "t2"), "观察员"))
    better = Rating("一组", dict(zip(CRITERIA, (4, 3, 2, 4), strict=True)), ("t1", "t3", "t1"), "观察员")
    store.rate(one, better)
    (found,) = store.ratings(one)
    assert (found.scores, found.players, found.share) == (better.scores, ("t1", "t3"), 13 / 16)
    for bad in (
        Rating("一组", {"程序": 4}, (), ""),
        Rating("一组", dict.fromkeys(CRITERIA, 5), (), ""),
        Rating(" ", dict.fromkeys(CRITERIA, 1), (), ""),
    ):
        with pytest.raises(RefusedError):
            store.rate(one, bad)
    assert store.ratings(one) == [found]


def test_a_closed_class_takes_nothing_in_and_keeps_everything(store: Store) -> None:
    """After the end: no vote, no command, nobody new; what there was can be read."""
    one, _ = started(store)
    do(store, one, "open")
    store.join(one, "t1")
    store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
    store.close(one)
    store.close(one)
    store.join(one, "t2")
    with pytest.raises(RefusedError, match="已经结束"):
        store.vote(one, STORY, "t2", Ballot(1, "n01", "a"))
    with pytest.raises(RefusedError, match="已经结束"):
        do(store, one, "lock")
    found = store.snapshot(one)
    assert (found.session.closed, found.members, found.answered(1, 1)) == (True, ("t1",), 1)


def test_the_stamp_changes_when_another_connection_has_written(store: Store, url: str) -> None:
    """Polling costs one number while nothing happens."""
    one, _ = started(store)
    before = store.database.stamp()
    store.snapshot(one)
    assert store.database.stamp() == before
    with opened(url) as other:
        do(other, one, "open")
    assert store.database.stamp() != before


def test_a_store_moves_from_one_file_to_another(store: Store, tmp_path: Path) -> None:
    """What a template process has rehearsed on one store serves its forks on theirs; nothing goes to the old one."""
    one, _ = started(store)
    first, second = store.database.url, f"sqlite:///{tmp_path / 'second.db'}"
    store.database.move(second)
    with pytest.raises(RefusedError, match="口令不对"):
        store.find(one.code)
    two, _ = started(store)
    do(store, two, "open")
    store.database.move(first)
    assert [each.code for each in store.classes()] == [one.code]
    assert store.snapshot(one).session.questions[0].state == "draft"


def test_a_full_disk_is_said_and_the_class_goes_on(store: Store) -> None:
    """The vote is not acknowledged, nothing is half written, and it can be cast as soon as there is room."""
    one, _ = started(store)
    do(store, one, "open")
    limit = {"pages": 1}

    def fill(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit['pages']}").close()

    store.database._engine.dispose()
    event.listen(store.database._engine, "connect", fill)
    number = 0

    def fill_up() -> None:
        nonlocal number
        for number in range(2000):
            store.vote(one, STORY, f"t{number:0120}", Ballot(1, "n01", "a"))

    with pytest.raises(StoreError, match="磁盘已满"):
        fill_up()
    there = store.snapshot(one).answered(1, 1)
    assert number == there
    limit["pages"] = 1_000_000
    store.database._engine.dispose()
    store.vote(one, STORY, f"t{number:0120}", Ballot(1, "n01", "a"))
    assert store.snapshot(one).answered(1, 1) == there + 1


def test_a_locked_store_is_said_and_the_class_goes_on(store: Store, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program that holds the file costs a message, not a vote."""
    monkeypatch.setattr("coursekit.live.database.BUSY_MS", 10)
    one, _ = started(store)
    do(store, one, "open")
    store.database._engine.dispose()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="正被别的程序占用"):
            store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
        assert store.snapshot(one).answered(1, 1) == 0  # reading goes on
        other.execute("ROLLBACK")
    store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
    assert store.snapshot(one).answered(1, 1) == 1


def test_a_broken_store_is_said(tmp_path: Path) -> None:
    """A file that is no database is a message that says so."""
    (tmp_path / "class.db").write_bytes(b"no database" * 1000)
    with opened(f"sqlite:///{tmp_path / 'class.db'}") as store, pytest.raises(StoreError, match="无法读写"):
        store.find("123456")


def _storm(url: str, folder: Path, trainees: int, rounds: int, kills: int) -> None:
    """Let *trainees* processes vote at once, kill some at random and start them again; then compare with the store."""
    with opened(url) as store:
        one, _ = started(store, "free")
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["voting"])
    dice = random.Random(7)

    def start(number: int, life: int) -> multiprocessing.process.BaseProcess:
        name = f"t{number:03}"
        process = processes.Process(
            target=voter, args=(url, one.code, name, rounds, 1000 * life + number, str(folder / name))
        )
        process.start()
        return process

    running = {number: start(number, 0) for number in range(trainees)}
    for life in range(1, kills + 1):
        number = dice.randrange(trainees)
        victim = running[number]
        time.sleep(dice.random() * 0.2)  # the moment of a kill is any moment
        if victim.pid is not None and victim.is_alive():
            os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        running[number] = start(number, life)
    for number, process in running.items():
        process.join()
        assert process.exitcode == 0, number
    with opened(url) as store:
        found = store.snapshot(one)
    stored = {(vote.trainee, vote.ballot.n): (vote.ballot.node, vote.ballot.option) for vote in found.votes}
    assert len(stored) == len(found.votes)
    promised = 0
    for number in range(trainees):
        lines = (folder / f"t{number:03}").read_text().splitlines()
        promised += len(lines)
        for line in lines:
            n, node, option = line.split()
            assert stored[f"t{number:03}", int(n)] == (node, option)
    assert promised
    assert sum(sum(count.values()) for count in found.counts.values()) == len(stored) >= promised


def test_concurrent_processes_lose_no_vote(url: str, tmp_path: Path) -> None:
    """Short form of the soak below."""
    (tmp_path / "logs").mkdir()
    _storm(url, tmp_path / "logs", trainees=6, rounds=8, kills=3)


@pytest.mark.soak
@pytest.mark.skipif(os.environ.get("COURSEKIT_SOAK") != "full", reason="long: set COURSEKIT_SOAK=full")
def test_sixty_processes_killed_at_random_lose_no_vote(url: str, tmp_path: Path) -> None:
    """60 processes × 20 decisions with SIGKILL: every acknowledged vote is stored as acknowledged, none twice."""
    (tmp_path / "logs").mkdir()
    _storm(url, tmp_path / "logs", trainees=60, rounds=20, kills=40)


@pytest.mark.skipif(not POSTGRES, reason="no PostgreSQL programs on this machine")
def test_the_store_may_be_postgresql(tmp_path: Path) -> None:
    """The same class, and the same storm, by URL."""
    pytest.importorskip("psycopg2")
    with postgres() as url:
        with opened(url) as store:
            assert store.classes() == []
            with pytest.raises(RefusedError, match="口令不对"):
                store.find("123456")
            one, _ = started(store)
            before = store.database.stamp()
            do(store, one, "open")
            assert store.database.stamp() != before
            store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
            store.vote(one, STORY, "t1", Ballot(1, "n01", "a"))
            store.tally(one, 1, 1, {"b": 2})
            assert store.snapshot(one).count(1, 1) == {"a": 1, "b": 2}
            assert [each.code for each in store.classes()] == [one.code]
        _storm(url, tmp_path, trainees=4, rounds=6, kills=2)
