"""Small charts as inline SVG: pure functions from numbers to text, coloured by the page's CSS variables.

A chart is for the eye only; the page puts the table with the same numbers behind it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

#: A node of a flow: which step it belongs to, and its name.
Stop = tuple[int, str]

_BAR, _GAP = 26, 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from 0 to 1 with its label, what stands at its end, and perhaps an interval."""

    label: str
    value: float
    said: str
    interval: tuple[float, float] | None = None


def histogram(title: str, counts: Sequence[int], labels: Sequence[str], line: float | None = None) -> str:
    """Draw upright bars; *line* is a place on the axis from 0 to 1, such as the pass mark."""
    width, height, left, base = 640, 240, 40, 200
    step, top = (width - left - 10) / max(1, len(counts)), max([1, *counts])
    drawn = [f'<line class="axis" x1="{left}" y1="{base}" x2="{width - 10}" y2="{base}"/>']
    for place, (count, label) in enumerate(zip(counts, labels, strict=True)):
        x, high = left + place * step, 160 * count / top
        drawn.append(
            f'<rect class="bar" x="{x + 3:.1f}" y="{base - high:.1f}" width="{step - 6:.1f}" height="{high:.1f}"/>'
        )
        drawn.append(_text(x + step / 2, base + 18, label, "middle"))
        if count:
            drawn.append(_text(x + step / 2, base - high - 6, str(count), "middle"))
    if line is not None:
        x = left + line * step * len(counts)
        drawn.append(f'<line class="goal" x1="{x:.1f}" y1="14" x2="{x:.1f}" y2="{base}"/>')
    return _svg(title, width, height, drawn)


def bars(title: str, rows: Sequence[Bar], line: float | None = None) -> str:
    """Draw lying bars, one a row, with whiskers for intervals."""
    width, left, right = 720, 250, 90
    span, height = width - left - right, len(rows) * (_BAR + _GAP) + 20
    drawn = []
    for place, row in enumerate(rows):
        y = 10 + place * (_BAR + _GAP)
        value = min(1.0, max(0.0, row.value))
        drawn.append(_text(left - 8, y + 18, _short(row.label, 17), "end"))
        drawn.append(f'<rect class="track" x="{left}" y="{y}" width="{span}" height="{_BAR}"/>')
        drawn.append(f'<rect class="bar" x="{left}" y="{y}" width="{span * value:.1f}" height="{_BAR}"/>')
        if row.interval:
            low, high = (left + span * min(1.0, max(0.0, end)) for end in row.interval)
            middle = y + _BAR / 2
            drawn.append(
                f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {y + 6}v14M{high:.1f} {y + 6}v14"/>'
            )
        drawn.append(_text(width - right + 8, y + 18, row.said, "start"))
    if line is not None:
        x = left + span * line
        drawn.append(f'<line class="goal" x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{height - 10}"/>')
    return _svg(title, width, height, drawn)


def radar(title: str, values: Mapping[str, float], line: float) -> str:
    """Draw values from 0 to 1 on spokes; *line* is a ring such as the pass mark."""
    width, height, radius = 640, 420, 150
    middle_x, middle_y = width / 2, height / 2
    angles = [2 * math.pi * place / len(values) - math.pi / 2 for place in range(len(values))]

    def ring(shares: Iterable[float]) -> str:
        return " ".join(
            f"{middle_x + radius * share * math.cos(angle):.1f},{middle_y + radius * share * math.sin(angle):.1f}"
            for share, angle in zip(shares, angles, strict=True)
        )

    drawn = [f'<polygon class="grid" points="{ring([share] * len(values))}"/>' for share in (0.25, 0.5, 0.75, 1.0)]
    drawn.append(f'<polygon class="goal" points="{ring([line] * len(values))}"/>')
    drawn.append(f'<polygon class="area" points="{ring(min(1.0, max(0.0, value)) for value in values.values())}"/>')
    for (label, value), angle in zip(values.items(), angles, strict=True):
        x, y = middle_x + (radius + 16) * math.cos(angle), middle_y + (radius + 16) * math.sin(angle)
        anchor = "middle" if abs(math.cos(angle)) < 0.2 else "start" if math.cos(angle) > 0 else "end"
        drawn.append(_text(x, y + 5, f"{_short(label, 12)} {100 * value:.0f}", anchor))
    return _svg(title, width, height, drawn)


def sankey(title: str, flows: Mapping[tuple[Stop, Stop], int], good: Iterable[str] = ()) -> str:
    """Draw how many people went from stop to stop; stops named in *good* end well."""
    stops = _stops(flows)
    total = max(sum(size for (step, _), size in stops.items() if step == one) for one in {step for step, _ in stops})
    scale, layer_width, inset = 260 / total, 190, 14
    layers: dict[int, list[str]] = {}
    for step, name in stops:
        layers.setdefault(step, []).append(name)
    places: dict[Stop, float] = {}
    depth = 0.0
    for step in sorted(layers):
        before = {
            name: _mean([(places[a], n) for (a, b), n in flows.items() if b == (step, name)]) for name in layers[step]
        }
        y = 30.0
        for name in sorted(layers[step], key=lambda name: (before[name], name)):
            places[step, name] = y
            y += max(4.0, stops[step, name] * scale) + 26
        depth = max(depth, y)
    wells = set(good)
    drawn = list(_bands(flows, places, scale, layer_width, inset))
    for (step, name), y in places.items():
        x, size = inset + step * layer_width, max(3.0, stops[step, name] * scale)
        style = "stop good" if name in wells else "stop"
        drawn.append(f'<rect class="{style}" x="{x}" y="{y:.1f}" width="12" height="{size:.1f}"/>')
        drawn.append(_text(x, y - 6, f"{_short(name, 11)} {stops[step, name]}", "start"))
    return _svg(title, inset + (max(layers) + 1) * layer_width, round(depth) + 10, drawn)


def _bands(
    flows: Mapping[tuple[Stop, Stop], int], places: Mapping[Stop, float], scale: float, width: int, inset: int
) -> Iterable[str]:
    """Yield a band a flow, thick as its number, leaving and entering each stop from its top down."""
    out, into = dict(places), dict(places)
    for (start, end), count in sorted(flows.items(), key=lambda flow: (places[flow[0][0]], places[flow[0][1]])):
        thick = count * scale
        x1, x2 = inset + start[0] * width + 12, inset + end[0] * width
        y1, y2, middle = out[start] + thick / 2, into[end] + thick / 2, (inset + start[0] * width + 12 + x2) / 2
        out[start] += thick
        into[end] += thick
        said = f"{start[1]} → {end[1]}：{count} 人"
        yield (
            f'<path class="band" stroke-width="{max(1.0, thick):.1f}" d="M{x1} {y1:.1f}C{middle:.1f} {y1:.1f} '
            f'{middle:.1f} {y2:.1f} {x2} {y2:.1f}"><title>{escape(said)}</title></path>'
        )


def _stops(flows: Mapping[tuple[Stop, Stop], int]) -> dict[Stop, int]:
    """Return how many people passed each stop: what came in, or where nobody did what went out."""
    came: dict[Stop, int] = {}
    went: dict[Stop, int] = {}
    for (start, end), count in flows.items():
        went[start] = went.get(start, 0) + count
        came[end] = came.get(end, 0) + count
    return {stop: max(came.get(stop, 0), went.get(stop, 0)) for stop in sorted({*came, *went})}


def _mean(weighted: Sequence[tuple[float, int]]) -> float:
    count = sum(n for _, n in weighted)
    return sum(value * n for value, n in weighted) / count if count else 0.0


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, width: float, height: float, drawn: Iterable[str]) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'
    )
