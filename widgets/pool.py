"""The variants of an exercise, and which of them a trainee gets.

An exercise is one data file, ``data/<exercise>.json``, or a folder ``data/<exercise>/`` of data files, each a variant
named by its file. Trainee, exercise and attempt alone decide the variant, so the grader can recompute it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
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

    def variant(self, trainee: str, attempt: int = 1) -> str:
        """Return the variant that *trainee* gets at an attempt, counted from 1."""
        names = sorted(self.specs)
        return names[_number(trainee, self.exercise, attempt) % len(names)]

    def shown(self, variant: str, trainee: str, attempt: int = 1) -> Spec:
        """Return a variant's data with options in the order that *trainee* always sees."""
        dice = random.Random(_number(trainee, self.exercise, attempt, "order"))
        found: Spec = self.kind.shuffled(self.specs[variant], dice)
        return found


def load_pool(folder: Path, exercise: str) -> Pool:
    """Read the data file or files of an exercise; raises DataError naming file, place and cure."""
    home = folder / "data" / exercise
    if not home.is_dir():
        file = f"data/{exercise}.json"
        kind, spec = parse_spec(read_bytes(folder / file, file), file)
        return Pool(exercise, kind, {"": spec})
    specs: dict[str, Spec] = {}
    kinds: dict[str, AnyKind] = {}
    for path in sorted(home.glob("*.json")):
        file = f"data/{exercise}/{path.name}"
        kinds[path.stem], specs[path.stem] = parse_spec(read_bytes(path, file), file)
    if not specs:
        raise DataError(f"data/{exercise}/：文件夹里没有变式（.json），请放入至少一个，或改用 data/{exercise}.json。")
    if len({kind.name for kind in kinds.values()}) > 1:
        found = "、".join(f"{name}.json 是“{kind.label}”" for name, kind in kinds.items())
        raise DataError(f"data/{exercise}/：各变式的题型必须相同，现在 {found}。")
    return Pool(exercise, next(iter(kinds.values())), specs)


def _number(*words: object) -> int:
    """Hash *words* to a number that is the same on every machine and in every Python."""
    return int.from_bytes(sha256("\x1f".join(map(str, words)).encode()).digest()[:8], "big")
