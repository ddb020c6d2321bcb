"""All kinds of exercise by the name that a data file gives in its field "kind"."""

from __future__ import annotations

from typing import Any

import msgspec

from widgets.calculation import Calculation
from widgets.case import CaseDecision
from widgets.checklist import Checklist
from widgets.choice import Choice
from widgets.classification import Classification
from widgets.form import FormEntry
from widgets.kind import Kind
from widgets.matching import Matching
from widgets.ordering import Ordering
from widgets.scenario import Scenario
from widgets.spec import DataError, Spec, decode
from widgets.spotting import Spotting
from widgets.text import FreeText

AnyKind = Kind[Any, Any, Any]

_ALL: tuple[AnyKind, ...] = (
    Choice(),
    Classification(),
    Matching(),
    Checklist(),
    Spotting(),
    Ordering(),
    FormEntry(),
    Calculation(),
    CaseDecision(),
    Scenario(),
    FreeText(),
)
KINDS: dict[str, AnyKind] = {kind.name: kind for kind in _ALL}


class _Named(msgspec.Struct):
    kind: str


def parse_spec(data: bytes, name: str) -> tuple[AnyKind, Spec]:
    """Find the kind of a data file and parse it; raises DataError that names the file, the place and the cure."""
    kind = KINDS.get(decode(data, _Named, name).kind)
    if kind is None:
        found = decode(data, _Named, name).kind
        raise DataError(f"{name}：kind 是“{found}”，没有这种题型；可用的有：{'、'.join(KINDS)}。")
    spec: Spec = decode(data, kind.Spec, name)
    for fault in kind.faults(spec):
        raise DataError(f"{name}：{fault}。")
    if (spec.policy == "practice") != (spec.practice is not None):
        raise DataError(f'{name}：只有 "policy": "practice" 的练习才写、也必须写 practice（练习用的答案）。')
    if spec.practice is not None:
        try:
            kind.parse_key(spec, spec.practice)
        except DataError as error:
            raise DataError(f"{name} 的 practice：{error}") from None
    return kind, spec
