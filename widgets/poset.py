"""Orders with freedom: which steps of a learner's sequence already stand in an allowed order.

Standard library only. Two steps *conflict* when the rules want a before b and the learner put b before a. Conflict is
itself a partial order (an intersection of two), so the largest set without a conflict is a maximum antichain, which
Dilworth's and König's theorems find by bipartite matching. Same optimum as the vertex cover of Poulsen et al.,
"Efficient Feedback and Partial Credit Grading for Proof Blocks Problems" (arXiv 2204.04196), in polynomial time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

#: Step -> the steps that must come before it.
Before = Mapping[str, Sequence[str]]


def find_cycle(before: Before) -> list[str]:
    """Return a circle of steps that wait for each other, or an empty list when there is none."""
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def ancestors(before: Before) -> dict[str, frozenset[str]]:
    """Map each step to all steps that must precede it, directly or not; raises CycleError on a circle."""
    closed: dict[str, frozenset[str]] = {}
    for step in TopologicalSorter(before).static_order():
        direct = before.get(step, ())
        closed[step] = frozenset(direct).union(*(closed[other] for other in direct))
    return closed


def conflicts(order: Sequence[str], must_precede: Mapping[str, frozenset[str]]) -> list[tuple[str, str]]:
    """List the pairs (a, b) that stand as b … a although a must precede b."""
    pairs = []
    for index, early in enumerate(order):
        blockers = must_precede.get(early, frozenset())
        pairs += [(late, early) for late in order[index + 1 :] if late in blockers]
    return pairs


def largest_consistent(order: Sequence[str], must_precede: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return a largest set of steps of *order* that already stand in an allowed order.

    The steps that are left over are a minimal set to move. Cost: one augmenting path a step over bit sets.
    """
    count = len(order)
    above = [0] * count
    for index, step in enumerate(order):
        blockers = must_precede.get(step, frozenset())
        for later in range(index + 1, count):
            if order[later] in blockers:
                above[later] |= 1 << index
    owner, partner = _match(above)
    left, right = _reachable(above, owner, partner)
    return frozenset(order[i] for i in range(count) if left >> i & 1 and not right >> i & 1)


def _match(edges: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Match each left node to at most one right node, as many as possible (Kuhn, with look-ahead for free nodes)."""
    owner: dict[int, int] = {}
    partner: dict[int, int] = {}
    free = (1 << len(edges)) - 1
    for root in range(len(edges)):
        seen, queue = 0, [root]
        parents: dict[int, int] = {}
        while queue:
            node = queue.pop(0)
            spare = edges[node] & free
            if spare:
                target = (spare & -spare).bit_length() - 1
                free &= ~(1 << target)
                while True:
                    previous = partner.get(node)
                    owner[target], partner[node] = node, target
                    if node == root or previous is None:
                        break
                    target, node = previous, parents[node]
                break
            new = edges[node] & ~seen
            seen |= new
            while new:
                target = (new & -new).bit_length() - 1
                new &= new - 1
                parents[owner[target]] = node
                queue.append(owner[target])
    return owner, partner


def _reachable(edges: Sequence[int], owner: Mapping[int, int], partner: Mapping[int, int]) -> tuple[int, int]:
    """Return König's alternating sets (left, right) from the unmatched left nodes, as bit sets."""
    queue = [node for node in range(len(edges)) if node not in partner]
    left, right = sum(1 << node for node in queue), 0
    while queue:
        new = edges[queue.pop()] & ~right
        right |= new
        while new:
            target = (new & -new).bit_length() - 1
            new &= new - 1
            node = owner[target]
            if not left >> node & 1:
                left |= 1 << node
                queue.append(node)
    return left, right
