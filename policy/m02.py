"""Module m02: the exercise and the lesson that depend on the centre's fees."""

from __future__ import annotations

from decimal import Decimal

from coursekit.policy import Exercise, Lesson
from coursekit.settings import Settings

#: What two of the window's clerks took without any basis, in yuan.
ENDORSEMENT, HURRY = Decimal(20), Decimal(30)


def m02_j01(settings: Settings) -> Exercise:
    """Check four bills against the published fees."""
    price, free, post = _fees(settings)
    pages = {"he": free + 6, "wen": free, "lu": free + 15, "fang": free + 1}
    posts = {"he": 0, "wen": 1, "lu": 2, "fang": 1}
    due = {name: max(count - free, 0) * price + posts[name] * post for name, count in pages.items()}
    taken = {
        "he": due["he"] + ENDORSEMENT,
        "wen": pages["wen"] * price + posts["wen"] * post,
        "lu": due["lu"] + HURRY,
        "fang": due["fang"],
    }
    over = sum(taken.values(), Decimal()) - sum(due.values(), Decimal())
    people = {
        "he": ("贺兰舟", "居住证年度签注", f"签注费 {_yuan(ENDORSEMENT)} 元"),
        "wen": ("温以宁", "个体工商户设立登记", "无"),
        "lu": ("陆时雨", "食品经营许可", f"加急费 {_yuan(HURRY)} 元"),
        "fang": ("方青禾", "社会保险登记", "无"),
    }
    rows = [
        {
            "id": name,
            "cells": {
                "who": who,
                "what": what,
                "pages": str(pages[name]),
                "posts": str(posts[name]),
                "other": other,
                "taken": _yuan(taken[name]),
            },
        }
        for name, (who, what, other) in people.items()
    ]
    return Exercise(
        data={
            "kind": "calculation",
            "title": "算一算：四张收费单",
            "prompt": "中心抽查一个窗口一天的收费单。请按本中心规定和法律规定算出应收的钱，再看多收了多少。",
            "source": [
                "本中心规定（复印、邮寄收费）",
                "《行政许可法》(2019)第七十五条",
                "《居住证暂行条例》(2015)第二十一条",
                "种子003（廉洁政务窗口标准手册、行为规范本）",
            ],
            "seed": ["2.7", "2.8"],
            "facts": [
                {"id": "f1", "text": f"复印：本中心规定，{_copying(price, free)}"},
                {"id": "f2", "text": f"邮寄：本中心规定，结果邮寄每次 {_yuan(post)} 元，自己来取不收费"},
                {"id": "f3", "text": "公示：除复印和邮寄外，窗口没有公布任何收费项目，也没有公布加急收费"},
                {"id": "f4", "text": "说明：四个人各办一件事，表上的页数就是办这件事的"},
            ],
            "columns": [
                {"id": "who", "text": "办事群众"},
                {"id": "what", "text": "事项"},
                {"id": "pages", "text": "复印（页）"},
                {"id": "posts", "text": "邮寄（次）"},
                {"id": "other", "text": "另收项目"},
                {"id": "taken", "text": "实收（元）"},
            ],
            "rows": rows,
            "blanks": [
                {"id": "he", "text": "贺兰舟应付多少元？", "answer": "number"},
                {"id": "wen", "text": "温以宁应付多少元？", "answer": "number"},
                {"id": "lu", "text": "陆时雨应付多少元？", "answer": "number"},
                {"id": "over", "text": "四个人一共被多收了多少元？", "answer": "number"},
                {
                    "id": "then",
                    "text": "多收的钱应当怎样处理？",
                    "answer": "choice",
                    "options": [
                        {"id": "w5", "text": "征得本人同意，抵作下次的复印费"},
                        {"id": "w2", "text": "补开收据、补贴公示后，可以不退"},
                        {"id": "w8", "text": "如数退还，经手人按规定承担责任"},
                        {"id": "w3", "text": "上交中心统一保管，有人投诉再退"},
                    ],
                },
            ],
        },
        key={
            "blanks": {
                "he": {
                    "value": _yuan(due["he"]),
                    "why": f"复印 {pages['he']} 页，减去免费的 {free} 页，付 6 页，6 × {_yuan(price)} ＝ {_yuan(due['he'])} 元。"
                    "居住证签注不收费（居住证暂行条例第二十一条），20 元不能收。",
                },
                "wen": {
                    "value": _yuan(due["wen"]),
                    "why": f"{f'复印 {free} 页正好没有超过免费页数' if free else '没有复印'}，只付一次邮寄费 {_yuan(post)} 元。",
                },
                "lu": {
                    "value": _yuan(due["lu"]),
                    "why": f"复印超出 15 页，15 × {_yuan(price)} ＝ {_yuan(15 * price)} 元；邮寄两次 {_yuan(2 * post)} 元，"
                    f"合计 {_yuan(due['lu'])} 元。没有公布的加急费不能收。",
                },
                "over": {
                    "value": _yuan(over),
                    "weight": 2,
                    "why": f"签注费 20 元、温以宁的复印费 {_yuan(taken['wen'] - due['wen'])} 元、加急费 30 元，"
                    f"共 {_yuan(over)} 元；方青禾的一笔收得对。",
                },
                "then": {
                    "value": "w8",
                    "why": "擅自收费的，要责令退还，并追究直接责任人员（行政许可法第七十五条）；复印、邮寄多收的，道理相同。",
                },
            }
        },
    )


def m02_fees(settings: Settings) -> Lesson:
    """What may be charged at all, with the centre's own prices."""
    price, free, post = _fees(settings)
    return Lesson(f"""
## 八、收费要有出处

群众问“为什么收这个钱”，窗口要能指着公示栏回答。没有公布的项目一分也不收；法律规定免费的，换个名目也不行。收错了，当天退还并说明，不要等人来投诉。

| 收费 | 能不能收 | 出处 |
|---|---|---|
| 复印 | {_copying(price, free)} | 本中心规定 |
| 结果邮寄 | 每次 {_yuan(post)} 元；可以选择自取 | 本中心规定 |
| 居住证首次申领、每年签注 | 不收 | 居住证暂行条例第二十一条 |
| 结婚登记 | 不收 | 婚姻登记条例（2025） |
| 许可听证 | 申请人和利害关系人都不付钱 | 行政许可法第四十七条 |
| “加急费”“辅导费” | 没有公布、没有依据，不收 | 行政许可法第二十七条、第七十五条 |

收费三看：看公示栏有没有，看单价对不对，看免费的部分扣了没有。复印的免费页数要先减掉，再乘单价。
""")


def _fees(settings: Settings) -> tuple[Decimal, int, Decimal]:
    """Return the price of a copy, how many pages are free, and the price of posting."""
    fees = settings.policy.fees
    return Decimal(str(fees.copy)), int(fees.copy_free), Decimal(str(fees.post))


def _copying(price: Decimal, free: int) -> str:
    if not free:
        return f"复印每页 {_yuan(price)} 元"
    return f"每办一件事，前 {free} 页免费，超出的每页 {_yuan(price)} 元"


def _yuan(amount: Decimal) -> str:
    """Write an amount without useless zeros."""
    return f"{amount.normalize():f}"


CELLS = {"m02-j01": m02_j01, "m02-fees": m02_fees}
