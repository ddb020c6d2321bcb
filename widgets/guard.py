"""Conditions on variables: comparisons with integers joined by ``and``, ``or``, ``not`` and parentheses.

``scenario.js`` understands the same language; tests/test_scenario.py has one table for both. Nothing is ever executed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

_GUARD = re.compile(
    r"(?: *(?:[a-z][a-z0-9_]*(?![A-Za-z0-9_])|(?:0|[1-9][0-9]{0,3})(?![A-Za-z0-9_])|[<>=!]=|[<>()]))+ *"
)
_COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class GuardError(ValueError):
    """A condition that cannot be read or names an unknown variable; the message is Chinese."""


def holds(guard: str, levels: Mapping[str, int]) -> bool:
    """Evaluate a guard; raises GuardError for what is no guard and for names that *levels* does not have."""
    return _truth(_tree(guard), guard, levels)


@lru_cache(maxsize=2048)
def _tree(guard: str) -> ast.expr:
    try:
        if _GUARD.fullmatch(guard):
            return ast.parse(guard.strip(" "), mode="eval").body
    except SyntaxError:
        pass
    raise GuardError(f"条件“{guard}”写法有误，只能用变量名、整数、比较号、and、or、not 和括号")


def _truth(tree: ast.expr, guard: str, levels: Mapping[str, int]) -> bool:
    match tree:
        case ast.BoolOp(op=op, values=values):
            found = [_truth(value, guard, levels) for value in values]
            return all(found) if isinstance(op, ast.And) else any(found)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _truth(operand, guard, levels)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARE for op in ops):
            numbers = [_number(value, guard, levels) for value in (left, *others)]
            return all(_COMPARE[type(op)](*pair) for op, pair in zip(ops, pairwise(numbers), strict=True))
    raise GuardError(f"条件“{guard}”写法有误，每一项都要是比较，如 queue >= 3")


def _number(tree: ast.expr, guard: str, levels: Mapping[str, int]) -> int:
    match tree:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name) if name in levels:
            return levels[name]
        case ast.Name(id=name):
            raise GuardError(f"条件“{guard}”里的变量“{name}”没有在 vars 里写明")
    raise GuardError(f"条件“{guard}”写法有误，比较号两边只能是变量名或整数")
