"""What config/course.toml holds: a centre's own rules; whoever runs the course elsewhere changes only these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from widgets.spec import Id

#: The components of the final mark: theory examination, practical examination, scenario drills.
Component = Literal["theory", "practical", "scenario"]

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Days = Annotated[int, msgspec.Meta(ge=1, le=366)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Yuan = Annotated[float, msgspec.Meta(ge=0, le=10_000)]
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]


class Evaluation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How results are judged; marks are out of 100.

    *weights* are per cent and add up to 100; *floors* are what each component must reach by itself. *components* say
    which assignments make up a component, by their first sittings' names; by default e01, e02 and d01, d02 …
    *attempts* say which sitting counts until the trainee has passed; with *resit* "cap" a later sitting brings at most
    the pass mark. Conduct adds or takes off at most *conduct_limit* points in all.
    """

    pass_mark: Percent = 80
    weights: dict[Component, Percent] = msgspec.field(
        default_factory=lambda: {"theory": 40, "practical": 35, "scenario": 25}
    )
    floors: dict[Component, Percent] = msgspec.field(
        default_factory=lambda: {"theory": 80, "practical": 70, "scenario": 70}
    )
    retraining_days: Days = 5
    components: dict[Component, Annotated[list[Id], msgspec.Meta(min_length=1)]] = {}
    attempts: dict[Component, Literal["first", "last", "best"]] = {}
    resit: Literal["replace", "cap"] = "replace"
    conduct_limit: Annotated[int, msgspec.Meta(ge=0, le=20)] = 5

    def __post_init__(self) -> None:
        for name, table in (("weights", self.weights), ("floors", self.floors)):
            if len(table) < 3:
                raise ValueError(f"{name} 要写全三项：theory、practical、scenario")
        if sum(self.weights.values()) != 100:
            raise ValueError(f"weights 合计应为 100，现为 {sum(self.weights.values())}，请改正")
        if self.resit == "cap" and max(self.floors.values()) > self.pass_mark:
            raise ValueError("resit 为 cap 时补考最多得及格线的分数，floors 不能高于 pass_mark，请改正")
        listed = [name for names in self.components.values() for name in names]
        if twice := sorted({name for name in listed if listed.count(name) > 1}):
            raise ValueError(f"components 里 {'、'.join(twice)} 写了不止一次，一个作业只能算进一项，请改正")


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the counters are open, Monday to Friday: (from, to) in the morning and in the afternoon."""

    morning: tuple[Clock, Clock] = ("09:00", "12:00")
    afternoon: tuple[Clock, Clock] = ("13:30", "17:00")


class Attendance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When an absence counts.

    Leaving early with papers for the home office must be recorded beyond *record_minutes*; *late_times* late arrivals
    or early departures in a month (that many included), or more than *away_hours* away without leave, are half a day.
    """

    record_minutes: Count = 30
    late_times: Count = 4
    away_hours: Count = 2


class Complaints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Working days to get in touch with who complained, and to answer."""

    accept_days: Days = 1
    answer_days: Days = 7


class Ratings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Working days to check a signed bad rating with its author, and to set right what was wrong."""

    contact_days: Days = 1
    improve_days: Days = 5


class Fees(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Extra fees (CNY): a copied page beyond the free ones, and a posted parcel."""

    copy: Yuan = 0.5
    copy_free: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 10
    post: Yuan = 12


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """本中心规定: what a service centre decides for itself.

    *tolerance_days* are the working days to hand in what was tolerated as missing (容缺); *id_card_days* the centre's
    promise for a new identity card, in working days.
    """

    hours: Hours = Hours()
    attendance: Attendance = Attendance()
    complaints: Complaints = Complaints()
    ratings: Ratings = Ratings()
    fees: Fees = Fees()
    tolerance_days: Days = 5
    id_card_days: Days = 7


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """服务质量指数: the weights of its four dimensions, per cent."""

    attitude: Percent = 35
    expertise: Percent = 25
    efficiency: Percent = 20
    innovation: Percent = 20

    def __post_init__(self) -> None:
        total = self.attitude + self.expertise + self.efficiency + self.innovation
        if total != 100:
            raise ValueError(f"quality 四项合计应为 100，现为 {total}，请改正")


class Drills(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scenario drills: which *attempt* counts for who did one in class and at home, and where live classes are kept.

    *class_db_url* is an SQLAlchemy URL; none is class.db in the course folder.
    """

    attempt: Literal["best", "class", "home", "last"] = "best"
    class_db_url: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of course.toml."""

    id: Id
    name: str
    centre: str
    exchange: str = "exchange"
    timezone: str = "Asia/Shanghai"
    db_url: str = ""
    deadlines: dict[str, datetime] = {}
    evaluation: Evaluation = Evaluation()
    policy: Policy = Policy()
    drills: Drills = Drills()
    quality: Quality = Quality()
