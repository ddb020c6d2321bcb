"""Module m10 (工作纪律、考勤与廉洁): lessons and exercises that follow from the centre's hours and attendance limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coursekit.author import facts, labelled, table
from coursekit.policy import Exercise, Lesson
from coursekit.settings import Settings

LAW = "《民法典》(2020)第一千二百五十九条"
HANDBOOK = "种子003·员工手册·考勤与请假"


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _number(value: float) -> str:
    return f"{round(value, 2):g}"


@dataclass(frozen=True, slots=True)
class _Rules:
    """The centre's limits, times in minutes after midnight."""

    start: int
    noon: int
    back: int
    end: int
    record: int
    late: int
    away: int

    @classmethod
    def of(cls, settings: Settings) -> _Rules:
        hours, attendance = settings.policy.hours, settings.policy.attendance
        start, noon, back, end = map(_minutes, (*hours.morning, *hours.afternoon))
        return cls(
            start,
            noon,
            back,
            end,
            record=attendance.record_minutes,
            late=attendance.late_times,
            away=attendance.away_hours,
        )

    @property
    def hours(self) -> str:
        """The working hours in words."""
        return (
            f"周一至周五，上午 {_clock(self.start)} 至 {_clock(self.noon)}，"
            f"下午 {_clock(self.back)} 至 {_clock(self.end)}"
        )

    @property
    def day(self) -> int:
        """Minutes of work in a day."""
        return self.noon - self.start + self.end - self.back

    @property
    def lunch(self) -> int:
        """Minutes of the midday break."""
        return self.back - self.noon

    def must_record(self, leaving: int) -> bool:
        """Say whether going back to exchange papers at *leaving* must be put on record before."""
        return self.end - leaving > self.record

    def half_days(self, slips: int, absences: list[int]) -> float:
        """Return the days of absence that *slips* (late or early) of a month and *absences* (minutes a day) make."""
        return 0.5 * (slips >= self.late) + 0.5 * sum(one > self.away * 60 for one in absences)


def m10_time(settings: Settings) -> Lesson:
    """Working hours, clocking in and what is put on record."""
    rules = _Rules.of(settings)
    return Lesson(f"""
## 二、工作时间、打卡与备案

下表是样例中心的规定，不是全国统一的工时。换一个中心，数字可能不同，算法一样。

| 项目 | 本中心规定 |
|---|---|
| 工作时间 | {rules.hours} |
| 打卡 | 每天按时打卡；正点打卡算准时，晚于上班时间是迟到，无手续早于下班时间走是早退 |
| 回单位交换文件 | 比下班时间早走**超过 {rules.record} 分钟**（不含本数）的，事先报综合业务科备案 |
| 公务、公休、因私离岗 | 事先按请假程序办手续，不能用“备案”代替 |

两个词要分清：“达到”“以上”**含**本数，“超过”**不含**本数（口径参照《民法典》第一千二百五十九条）。所以先算出提前了几分钟，再和线比：正好在线上，还没有超过。

备案解决的是“人去了哪里”，请假解决的是“能不能不在”。办私事只能请假。
""")


def m10_j01(settings: Settings) -> Exercise:
    """Hours of a day and a week, and who has to be on record."""
    rules = _Rules.of(settings)
    paper, limit = "回单位交换文件", rules.record
    leaving = [
        ("沈砚秋", paper, rules.end - limit - 1),
        ("温如许", paper, rules.end - limit),
        ("方屿", "去学校接孩子", rules.end - 2 * limit),
        ("齐望舒", paper, rules.end - 2 * limit - 5),
        ("陆闻笛", paper, rules.end - limit + 1),
        ("唐知白", paper, rules.end - limit - 10),
    ]
    listed = [name for name, why, when in leaving if why == paper and rules.must_record(when)]
    week, short, wrong = rules.day * 5 / 60, rules.day * 4 / 60, rules.end - rules.start
    data = {
        "kind": "calculation",
        "title": "计算一：工时和备案",
        "prompt": "按本中心规定计算工时，再看表里谁要备案。中午休息不算工作时间。",
        "source": ["本中心规定（工作时间与考勤）", HANDBOOK, LAW],
        "seed": ["12.1", "0.22", "0.23", "E30"],
        "facts": facts(
            f"工作时间：{rules.hours}",
            f"备案：提前回单位交换文件超过 {limit} 分钟（不含本数），事先报综合业务科备案",
            "请假：公务、公休、因私离岗，都按请假程序办理",
            "放假：2026 年 9 月 25 日（周五）中秋节放假，9 月 21 日至 24 日照常上班",
            "下表：9 月 22 日六个人下午离开大厅的时间，当天都没有回来",
        ),
        **table(
            {"name": "姓名", "why": "离开原因", "when": "离开时间"},
            [(name, why, _clock(when)) for name, why, when in leaving],
        ),
        "blanks": [
            {"id": "k3", "text": "一个工作日应工作多少分钟？", "answer": "number", "decimals": 0},
            {"id": "p6", "text": "五天都上班的一周，共工作多少小时？", "answer": "number", "decimals": 1},
            {"id": "a8", "text": "9 月 21 日至 27 日这一周，共工作多少小时？", "answer": "number", "decimals": 1},
            {"id": "t2", "text": "表中有几个人必须事先备案？", "answer": "number", "decimals": 0},
            {
                "id": "h5",
                "text": "方屿应当办什么手续？",
                "answer": "choice",
                "options": labelled(
                    {
                        "n4": "和交换文件一样，向综合业务科备案",
                        "w7": "按请假程序请假，获准后再走",
                        "e1": "跟邻窗口同事说一声，请他照看",
                        "u9": "下班后补打一次卡就可以",
                    }
                ),
            },
        ],
    }
    key = {
        "blanks": {
            "k3": {
                "value": str(rules.day),
                "weight": 2.0,
                "why": f"上午 {rules.noon - rules.start} 分钟，下午 {rules.end - rules.back} 分钟，"
                f"合计 {rules.day} 分钟；中午的 {rules.lunch} 分钟不计。",
            },
            "p6": {
                "value": _number(week),
                "tolerance": "0.05",
                "follow": {"k3": [_number(wrong * 5 / 60)]},
                "why": f"{rules.day} × 5 ÷ 60 = {_number(week)} 小时。这是样例中心的工时，不能当成全国统一的规定。",
            },
            "a8": {
                "value": _number(short),
                "tolerance": "0.05",
                "follow": {"k3": [_number(wrong * 4 / 60)]},
                "why": f"周五放假，只上四天班：{rules.day} × 4 ÷ 60 = {_number(short)} 小时。",
            },
            "t2": {
                "value": str(len(listed)),
                "weight": 2.0,
                "why": f"提前超过 {limit} 分钟的有{'、'.join(listed)}，共 {len(listed)} 人。"
                f"温如许正好提前 {limit} 分钟，“超过”不含本数；方屿办的是私事，不属于备案。",
            },
            "h5": {"value": "w7", "why": "接孩子是因私离岗，要走请假程序；备案只用于回单位交换文件。"},
        }
    }
    return Exercise(data, key)


def m10_w01(settings: Settings) -> Exercise:
    """A day's attendance sheet with wrong entries."""
    rules = _Rules.of(settings)
    start, end, limit, away = rules.start, rules.end, rules.record, rules.away
    data = {
        "kind": "spotting",
        "title": "找错一：考勤日登记表",
        "prompt": "考勤员登记了 2026 年 9 月 23 日的情况。对照规定找出错误：点出错的那一格，再选理由。每行最多一处错。",
        "source": ["本中心规定（工作时间与考勤）", HANDBOOK, LAW],
        "seed": ["12.1", "12.2", "12.3", "0.23", "0.24"],
        "rules": [
            f"工作时间：{rules.hours}；正点打卡算准时。",
            f"提前回单位交换文件超过 {limit} 分钟（不含本数）的，要事先备案；没有超过的，或者已经备案的，登记为正常。",
            "不是交换文件、又没有办请假手续就提前走的，登记为早退。",
            "请假没有批准不得休；没有批准就不来的，按旷工折算，一天算一天。",
            f"擅离岗位当天累计超过 {away} 小时（不含本数）的，折算旷工半天；没有超过的登记为擅离岗位，折算 0。",
            "一次迟到、早退不折算，月底再看次数。",
        ],
        **table(
            {
                "name": "姓名",
                "come": "上班打卡",
                "go": "下班打卡",
                "note": "当天情况",
                "kind": "登记",
                "days": "折算旷工",
            },
            [
                ("陆闻笛", _clock(start - 3), _clock(end - limit), "回单位交换文件，没有备案", "正常", "0"),
                ("温如许", _clock(start), _clock(end), "—", "迟到", "0"),
                ("钟予安", _clock(start + 7), _clock(end), "路上堵车", "迟到", "0"),
                ("齐望舒", "—", "—", "请假单前一天已批准", "请假", "0"),
                ("许星野", _clock(start - 10), _clock(end), f"擅离岗位共 {away} 小时 1 分钟", "擅离岗位", "0"),
                ("林照", _clock(start - 1), _clock(end + 1), f"擅离岗位共 {away} 小时整", "擅离岗位", "0"),
                ("沈砚秋", _clock(start - 6), _clock(end + 2), "—", "正常", "0"),
                ("方屿", _clock(start - 8), _clock(end - limit - 5), "回单位交换文件，没有备案", "正常", "0"),
                ("唐知白", "—", "—", "请假单已交，还没有批", "请假待批", "0"),
                (
                    "顾青禾",
                    _clock(start - 5),
                    _clock(end - limit - 10),
                    "回单位交换文件，前一天已备案",
                    "正常",
                    "0",
                ),
                ("宋栖迟", _clock(start - 2), _clock(end - 12), "接孩子，没有请假", "正常", "0"),
                ("蒋一苇", _clock(start - 4), _clock(end), f"擅离岗位共 {away} 小时 10 分钟", "擅离岗位", "半天"),
            ],
        ),
        "reasons": labelled(
            {
                "v4": "擅离时间已经越过规定的线，应折算半天",
                "d8": "擅离时间没有越过规定的线，不应折算",
                "m2": "正点打卡不算迟到",
                "y6": "提前时间越过备案的线，又没有备案，不能记正常",
                "g3": "已经备案，不应记早退",
                "b9": "因私提前走又没有请假，应记早退",
                "x5": "没有等到批准就不来，应按旷工折算",
                "c1": "已获批准的请假不应折算旷工",
            }
        ),
    }
    errors = {
        "r2/kind": ("m2", f"{_clock(start)} 正点打卡是准时，晚于这个时间才是迟到。"),
        "r5/days": ("v4", f"{away} 小时 1 分钟已经超过 {away} 小时，应计旷工半天；比较时不能把零头抹掉。"),
        "r8/kind": ("y6", f"提前了 {limit + 5} 分钟，超过 {limit} 分钟，事先没有备案就走，不合规定。"),
        "r9/days": ("x5", "交了单不等于批准。没有批准就不到岗，这一天按旷工一天折算。"),
        "r11/kind": ("b9", "接孩子是私事，早走 12 分钟没有请假，应记早退；备案的那条线只管回单位交换文件。"),
    }
    return Exercise(data, {"errors": {cell: {"reason": reason, "why": why} for cell, (reason, why) in errors.items()}})


def m10_absent(settings: Settings) -> Lesson:
    """The six cases of absence and how they are counted."""
    rules = _Rules.of(settings)
    return Lesson(f"""
## 四、哪些情形算旷工

| 情形（本中心规定） | 怎样计 |
|---|---|
| 不办请假手续就不来 | 按实际天数 |
| 交了假条，没等批准就不来 | 按实际天数 |
| 假期满了，没有正当理由不回来 | 按超出的天数 |
| 骗取病假、事假 | 按骗取的天数 |
| 当月迟到、早退**达到 {rules.late} 次**（含本数） | 半天 |
| 擅自离岗**超过 {rules.away} 小时**（不含本数） | 半天 |

计数的细则：迟到和早退合在一起数，到线以后当月只计一个半天；同一天几次擅离合并成一个时长再比，午休不算在内；经首席代表同意、有人顶岗的短时离开，以及因公外出，不是擅离。

没有到线不等于没有事：一次迟到、十分钟空岗，同样是违反纪律，要批评改正。
""")


def m10_j02(settings: Settings) -> Exercise:
    """Days of absence of five people in a month."""
    rules = _Rules.of(settings)
    late, away = rules.late, rules.away
    hour = away * 60
    people: list[tuple[str, str, int, int, list[int], str, int, str]] = [
        ("z4", "甲", late - 2, 1, [hour], "请假单未获批准，休了 2 天", 2, "未获批准就休的 2 天全部计入"),
        ("c7", "乙", late - 1, 1, [], "无", 0, ""),
        ("q2", "丙", 0, late + 1, [hour + 5], "公休假满，为陪朋友游玩晚回 2 天", 2, "无正当理由超假的 2 天计入"),
        ("m9", "丁", 1, 0, [hour, hour + 1, hour + 40], "因公外出 3 天，手续齐全", 0, "手续齐全的公务外出不计"),
        ("e5", "戊", late, 0, [], "病假 4 天，事后查明假条是伪造的", 4, "骗取的 4 天病假按旷工"),
    ]
    blanks: dict[str, dict[str, Any]] = {}
    for name, _, lates, earlies, gone, _, whole, why in people:
        slips = lates + earlies
        over = sum(one > hour for one in gone)
        total = whole + rules.half_days(slips, gone)
        steps = [why] if why else []
        steps.append(
            f"迟到早退合计 {slips} 次，" + (f"达到 {late} 次，计半天" if slips >= late else f"没有到 {late} 次")
        )
        if gone:
            steps.append(f"擅离超过 {away} 小时的有 {over} 次，计 {_number(over / 2)} 天")
        blanks[name] = {"value": _number(total), "why": "；".join(steps) + f"。合计 {_number(total)} 天。"}

    def spell(minutes: int) -> str:
        return f"{minutes // 60} 小时" + (f" {minutes % 60} 分" if minutes % 60 else "整")

    data = {
        "kind": "calculation",
        "title": "计算二：五个人的月度旷工",
        "prompt": "下面是五名窗口人员 10 月的考勤汇总。按本中心规定，算出每人当月计旷工几天，半天写 0.5。",
        "source": ["本中心规定（旷工认定）", HANDBOOK, LAW],
        "seed": ["12.3", "0.24"],
        "facts": facts(
            f"迟到早退：两项合并计次，当月达到 {late} 次（含本数）计旷工半天，当月只计一次",
            f"擅离岗位：一天累计超过 {away} 小时（不含本数）计旷工半天；表中各次都不在同一天，逐次判断",
            "其他情形：按实际天数计算，与上面两项相加",
        ),
        **table(
            {"who": "人员", "late": "迟到", "early": "早退", "gone": "各次擅离岗位的时长", "else": "其他情况"},
            [
                (who, f"{lates} 次", f"{earlies} 次", "、".join(map(spell, gone)) or "无", other)
                for _, who, lates, earlies, gone, other, _, _ in people
            ],
        ),
        "blanks": [
            {"id": name, "text": f"{who}当月计旷工几天？", "answer": "number", "decimals": 1}
            for name, who, *_ in people
        ],
    }
    return Exercise(data, {"blanks": blanks})


def m10_j03(settings: Settings) -> Exercise:
    """One day's absences from the counter, across the midday break."""
    rules = _Rules.of(settings)
    limit = rules.away * 60
    first, before, after = limit // 4, limit // 6, limit // 8
    last = limit + 5 - first - before - after
    across, total = before + after, limit + 5
    gone = rules.back + 60
    verdicts = {
        "s6": "计旷工一天",
        "k1": "不计旷工，但擅离岗位仍要批评改正",
        "d4": "计旷工半天",
        "y8": "算迟到一次，月底再看次数",
    }
    data = {
        "kind": "calculation",
        "title": "计算三：一天里的几次离岗",
        "prompt": "小叶 10 月 14 日离开窗口五次。先算出擅离的时间，再按本中心规定认定。",
        "source": ["本中心规定（旷工认定）", HANDBOOK, LAW],
        "seed": ["12.3", "0.24"],
        "facts": facts(
            f"工作时间：{rules.hours}",
            f"擅离岗位：同一天合并计算，超过 {rules.away} 小时（不含本数）计旷工半天；午休不算在内",
            "不算擅离：经首席代表同意并有人顶岗的，以及因公外出的",
        ),
        **table(
            {"no": "次序", "time": "离开至返回", "why": "事由和手续"},
            [
                ("第 1 次", f"{_clock(rules.start + 30)}—{_clock(rules.start + 30 + first)}", "取快递，没有报告"),
                (
                    "第 2 次",
                    f"{_clock(rules.start + 100)}—{_clock(rules.start + 120)}",
                    "身体不适，首席代表同意，同事顶岗",
                ),
                ("第 3 次", f"{_clock(rules.noon - before)}—{_clock(rules.back + after)}", "外出吃饭，没有报告"),
                ("第 4 次", f"{_clock(gone)}—{_clock(gone + last)}", "在休息室打电话，没有报告"),
                ("第 5 次", f"{_clock(rules.end - 30)}—{_clock(rules.end - 10)}", "到综合业务科开会，有会议通知"),
            ],
        ),
        "blanks": [
            {"id": "w3", "text": "第 3 次离岗，有多少分钟算擅离？", "answer": "number", "decimals": 0},
            {"id": "g7", "text": "全天擅离岗位一共多少分钟？", "answer": "number", "decimals": 0},
            {"id": "b2", "text": "这一天怎样认定？", "answer": "choice", "options": labelled(verdicts)},
            {
                "id": "n5",
                "text": "如果第 4 次早回来 5 分钟，这一天怎样认定？",
                "answer": "choice",
                "options": labelled(dict(reversed(verdicts.items()))),
            },
        ],
    }
    key = {
        "blanks": {
            "w3": {
                "value": str(across),
                "weight": 2.0,
                "why": f"上午到 {_clock(rules.noon)} 还有 {before} 分钟，下午从 {_clock(rules.back)} 起晚了 {after} 分钟，"
                f"合计 {across} 分钟；中间的午休不算。",
            },
            "g7": {
                "value": str(total),
                "weight": 2.0,
                "follow": {"w3": [str(total + rules.lunch)]},
                "why": f"只加第 1、3、4 次：{first} + {across} + {last} = {total} 分钟。第 2 次有人顶岗，第 5 次是公务。",
            },
            "b2": {"value": "d4", "why": f"{total} 分钟，超过 {limit} 分钟，计旷工半天。"},
            "n5": {
                "value": "k1",
                "why": f"那样正好 {limit} 分钟，“超过”不含本数，不计旷工；但三次都没有报告，违反纪律，要批评改正。",
            },
        }
    }
    return Exercise(data, key)


def m10_j04(settings: Settings) -> Exercise:
    """The centre's own line beside the lines that law draws."""
    rules = _Rules.of(settings)
    data = {
        "kind": "calculation",
        "title": "计算四：中心的线和法律的线",
        "prompt": "四个人都没有正当理由。先数清天数，再判断各自到了哪一条线。",
        "source": [
            "《公务员法》(2018)第八十八条",
            "《事业单位人事管理条例》(2014)第十五条",
            LAW,
            "本中心规定（旷工认定）",
            "国务院办公厅关于 2026 年部分节假日安排的通知",
        ],
        "seed": ["E29", "12.3", "0.24"],
        "facts": facts(
            "数法：条文写“天”的，本题按自然日数；写“工作日”的，按工作日数。开始不来的那天计入，回来上班的那天不计",
            "甲：公务员，2026 年 11 月 2 日（周一）起不来上班，11 月 17 日（周二）回来，没有请假",
            "乙：事业单位人员，2026 年 10 月 8 日（周四）起不来上班，10 月 30 日（周五）回来，没有请假",
            "调休：2026 年 10 月 10 日（周六）上班",
            "丙：公务员，2026 年 3 月旷工 12 天，6 月旷工 9 天，10 月旷工 9 天，三次不相连",
            f"丁：10 月迟到 {rules.late - 2} 次、早退 1 次；本中心规定，两项合计达到 {rules.late} 次（含本数）计旷工半天",
        ),
        "blanks": [
            {"id": "r8", "text": "甲连续旷工多少天？", "answer": "number", "decimals": 0},
            {"id": "v3", "text": "乙连续旷工多少个工作日？", "answer": "number", "decimals": 0},
            {
                "id": "x6",
                "text": "甲、乙、丙三人，谁已经越过法律、行政法规的线（辞退或者解除聘用合同）？",
                "answer": "choice",
                "options": labelled({"a2": "甲和乙", "a5": "乙和丙", "a7": "只有乙", "a9": "三个人都越过了"}),
            },
            {"id": "k7", "text": "丁再迟到或早退几次，当月就要计旷工半天？", "answer": "number", "decimals": 0},
            {
                "id": "p1",
                "text": "丁如果到了这条线，最准确的说法是哪一种？",
                "answer": "choice",
                "options": labelled(
                    {
                        "t3": "按法律规定，中心可以直接解聘他",
                        "t8": "中心按内部规定计半天；够不够辞退、解聘，由所在单位按法定条件判断",
                        "t6": "半天太少，没有任何后果",
                        "t1": "当月一共算旷工一天，应给予行政处罚",
                    }
                ),
            },
        ],
    }
    key = {
        "blanks": {
            "r8": {"value": "15", "why": "11 月 2 日至 16 日，共 15 天，正好 15 天，还没有“超过十五天”。"},
            "v3": {
                "value": "17",
                "why": "10 月 8 日至 10 日 3 个（周六调休上班），12 日至 16 日 5 个，19 日至 23 日 5 个，26 日至 29 日 4 个，合计 17 个。",
            },
            "x6": {
                "value": "a7",
                "why": "乙超过 15 个工作日（事业单位人事管理条例第十五条）。甲正好 15 天，丙累计 12 + 9 + 9 = 30 天，"
                "都没有超过公务员法第八十八条的线，但仍应依规处理。",
            },
            "k7": {"value": "1", "why": f"已有 {rules.late - 1} 次，再有 1 次就是 {rules.late} 次，“达到”含本数。"},
            "p1": {
                "value": "t8",
                "why": "折算半天是单位内部的考勤规则，不是法律。辞退、解聘有自己的法定条件和程序，两层不能混用。",
            },
        }
    }
    return Exercise(data, key)


CELLS = {
    "m10-time": m10_time,
    "m10-j01": m10_j01,
    "m10-w01": m10_w01,
    "m10-absent": m10_absent,
    "m10-j02": m10_j02,
    "m10-j03": m10_j03,
    "m10-j04": m10_j04,
}
