"""The variants of an exercise, and which of them a trainee gets.

An exercise is one data file, ``data/<exercise>.json``, or a folder ``data/<exercise>/`` of data files, each a variant
named by its file. Trainee, exercise and attempt alone decide the variant, so the grader can recompute it. The attempt
is the assignment's: e01 is the first sitting, e01-2 the second, and no sitting repeats a variant while there is another.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from widgets.kinds import AnyKind, parse_spec
from widgets.spec import DataError, Spec, read_bytes


@dataclass(frozen=True, slots=True)
class Pool:
    """One kind and its data files by variant; an exercise without variants has the one variant ""."""

    exercise: str
    kind: AnyKind
    specs: dict[str, Spec]
    attempt: int = 1

    def variant(self, trainee: str) -> str:
        """Return the variant that *trainee* gets at this attempt."""
        names = sorted(self.specs)
        return names[(_number(trainee, self.exercise, 1) + self.attempt - 1) % len(names)]

    def shown(self, variant: str, trainee: str) -> Spec:
        """Return a variant's data with options in the order that *trainee* always sees."""
        dice = random.Random(_number(trainee, self.exercise, self.attempt, "order"))
        found: Spec = self.kind.shuffled(self.specs[variant], dice)
        return found


def sitting(assignment: str) -> tuple[str, int]:
    """Split an assignment's name into what it is and which attempt: ``e01-2`` is the second sitting of ``e01``."""
    match = re.fullmatch(r"(.+)-([2-9])", assignment)
    return (match[1], int(match[2])) if match else (assignment, 1)


def load_pool(folder: Path, exercise: str) -> Pool:
    """Read the data file or files of an exercise; raises DataError naming file, place and cure."""
    _, attempt = sitting(folder.resolve().name)
    home = folder / "data" / exercise
    if not home.is_dir():
        file = f"data/{exercise}.json"
        kind, spec = _parsed(read_bytes(folder / file, file), file)
        return Pool(exercise, kind, {"": spec}, attempt)
    specs: dict[str, Spec] = {}
    kinds: dict[str, AnyKind] = {}
    for path in sorted(home.glob("*.json")):
        file = f"data/{exercise}/{path.name}"
        kinds[path.stem], specs[path.stem] = _parsed(read_bytes(path, file), file)
    if not specs:
        raise DataError(f"data/{exercise}/：文件夹里没有变式（.json），请放入至少一个，或改用 data/{exercise}.json。")
    if len({kind.name for kind in kinds.values()}) > 1:
        found = "、".join(f"{name}.json 是“{kind.label}”" for name, kind in kinds.items())
        raise DataError(f"data/{exercise}/：各变式的题型必须相同，现在 {found}。")
    return Pool(exercise, next(iter(kinds.values())), specs, attempt)


@lru_cache(maxsize=32)
def _parsed(data: bytes, file: str) -> tuple[AnyKind, Spec]:
    """Parse a data file once: every save reads it again, and checking a long story takes longer than saving a step."""
    return parse_spec(data, file)


def _number(*words: object) -> int:
    """Hash *words* to a number that is the same on every machine and in every Python."""
    return int.from_bytes(sha256("\x1f".join(map(str, words)).encode()).digest()[:8], "big")
