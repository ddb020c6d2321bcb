"""What a practice exercise says to a trainee who asks: more with every try, and only ever with a key of its own."""

from __future__ import annotations

from typing import Any

from widgets.score import Score, Verdict
from widgets.spec import Spec


def comment(spec: Spec, score: Score, tries: int) -> dict[str, Any]:
    """Return what the page shows after try number *tries* (from 1).

    First how much is right and a hint, then which items, from the third try on, or once all is right, everything with
    its reasons (escalating hints, after Moodle's interactive behaviour and Ericson's adaptive Parsons problems).
    """
    wrong = [part for part in score.parts if part.verdict is not Verdict.RIGHT]
    done = score.fraction > 1 - 1e-9
    head = "全部正确。" if done else f"得 {100 * score.fraction:.0f}%，还有 {len(wrong)} 处可以更好。"
    hint = spec.hints[min(tries, len(spec.hints)) - 1] if spec.hints and not done else ""
    shown = score.parts if done or tries >= 3 else wrong if tries == 2 else ()
    told = done or tries >= 3
    parts = [
        {
            "item": part.item,
            "given": part.given,
            "verdict": part.verdict.value,
            "right": part.verdict is Verdict.RIGHT,
            "expected": part.expected if told else "",
            "why": part.why if told else "",
        }
        for part in shown
    ]
    more = "" if told else "改好后再检查一次，会得到更多提示。"
    return {"head": head, "hint": hint, "parts": parts, "more": more, "flags": list(score.flags)}
