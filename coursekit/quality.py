"""The service-quality index (服务质量指数): second-level marks, the four dimensions they belong to, and their weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Dimension = Literal["attitude", "expertise", "efficiency", "innovation"]

LABELS: Mapping[Dimension, str] = {
    "attitude": "服务态度",
    "expertise": "专业能力",
    "efficiency": "服务效率",
    "innovation": "创新改进",
}
#: The second-level marks (0–100, more is better) of each dimension, by their names in the database.
MARKS: Mapping[Dimension, Mapping[str, str]] = {
    "attitude": {"smile": "微笑", "courtesy": "礼貌", "patience": "耐心", "initiative": "主动"},
    "expertise": {"accuracy": "准确", "clarity": "清晰", "resolution": "解决率"},
    "efficiency": {"waiting": "等待", "duration": "办理时长", "once": "一次办结"},
    "innovation": {"proposals": "提案", "process": "流程优化", "novelty": "创新性"},
}
#: Every second-level mark with its label.
ALL: Mapping[str, str] = {name: label for marks in MARKS.values() for name, label in marks.items()}

#: One observation: what was marked of it; None was not observed.
Observation = Mapping[str, Fraction | None]


@dataclass(frozen=True, slots=True)
class Index:
    """A mark a dimension, exact; the total is missing while a weighted dimension has no mark at all."""

    dimensions: Mapping[Dimension, Fraction | None]
    weights: Mapping[Dimension, int]

    @property
    def total(self) -> Fraction | None:
        """Σ weight · mark / 100; never a plain average of the four."""
        found = Fraction(0)
        for name, weight in self.weights.items():
            mark = self.dimensions[name]
            if weight and mark is None:
                return None
            found += Fraction(weight, 100) * (mark or 0)
        return found

    @property
    def missing(self) -> list[str]:
        """The weighted dimensions without a mark, in words."""
        return [LABELS[name] for name, weight in self.weights.items() if weight and self.dimensions[name] is None]

    @property
    def costliest(self) -> str | None:
        """The dimension where (100 − mark) · weight is largest: improving it raises the total most."""
        lost = {
            name: weight * (100 - mark)
            for name, weight in self.weights.items()
            if (mark := self.dimensions[name]) is not None
        }
        worst = max(lost, key=lambda name: lost[name], default=None)
        return LABELS[worst] if worst is not None and lost[worst] > 0 else None


def index(observations: Sequence[Observation], weights: Mapping[Dimension, int]) -> Index:
    """Average each second-level mark over the observations, then those of a dimension, each mark counting alike."""
    means = {name: _mean(one.get(name) for one in observations) for name in ALL}
    return Index({name: _mean(means[mark] for mark in marks) for name, marks in MARKS.items()}, weights)


def _mean(values: Iterable[Fraction | None]) -> Fraction | None:
    found = [value for value in values if value is not None]
    return sum(found, Fraction(0)) / len(found) if found else None
