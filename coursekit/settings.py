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

    *weights* are per cent and add up to 100; *floors* are what each component must reach by itself.
    """

    pass_mark: Percent = 80
    weights: dict[Component, Percent] = msgspec.field(
        default_factory=lambda: {"theory": 40, "practical": 35, "scenario": 25}
    )
    floors: dict[Component, Percent] = msgspec.field(
        default_factory=lambda: {"theory": 80, "practical": 70, "scenario": 70}
    )
    retraining_days: Days = 5

    def __post_init__(self) -> None:
        for name, table in (("weights", self.weights), ("floors", self.floors)):
            if len(table) < 3:
                raise ValueError(f"{name} 要写全三项：theory、practical、scenario")
        if sum(self.weights.values()) != 100:
            raise ValueError(f"weights 合计应为 100，现为 {sum(self.weights.values())}，请改正")


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
