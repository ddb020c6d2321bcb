"""Where a course keeps what: the folders of nbgrader's pipeline and the local settings in config/course.toml."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from coursekit.settings import Settings
from widgets.spec import explain

CONFIG = Path("config") / "course.toml"


class CourseError(Exception):
    """Something an instructor must put right; the message is Chinese: what was found, expected, and what to do."""


@dataclass(frozen=True, slots=True)
class Course:
    """A course folder; every path of the pipeline is derived from its root."""

    root: Path
    settings: Settings

    @classmethod
    def load(cls, root: Path) -> Course:
        """Read the settings of the course at *root*; raises CourseError when there is none or it is faulty."""
        file = root / CONFIG
        try:
            text = file.read_bytes().decode("utf-8")
            settings = msgspec.convert(tomllib.loads(text), Settings)
            ZoneInfo(settings.timezone)
            return cls(root.resolve(), settings)
        except FileNotFoundError:
            raise CourseError(
                f"“{root}”不是课程文件夹：里面没有 {CONFIG}。请到课程文件夹里运行，或用 --course 指定它。"
            ) from None
        except UnicodeDecodeError:
            raise CourseError(f"{file} 不是 UTF-8 编码（可能是 GBK），请另存为 UTF-8。") from None
        except tomllib.TOMLDecodeError as error:
            raise CourseError(f"{file} 的写法有误：{error}。请检查等号、引号和方括号。") from None
        except msgspec.ValidationError as error:
            raise CourseError(f"{file}：{explain(error)}。") from None
        except (ZoneInfoNotFoundError, ValueError):
            raise CourseError(f"{file}：timezone 不是已知的时区，北京时间请写 Asia/Shanghai。") from None

    @classmethod
    def find(cls, start: Path) -> Course:
        """Load the course that holds *start*, looking upwards; raises CourseError when there is none."""
        start = start.resolve()
        for folder in (start, *start.parents):
            if (folder / CONFIG).is_file():
                return cls.load(folder)
        return cls.load(start)

    @property
    def source(self) -> Path:
        """Where instructors write: one folder an assignment."""
        return self.root / "source"

    @property
    def policy(self) -> Path:
        """The functions that write what depends on the centre's own rules: one module an assignment."""
        return self.root / "policy"

    @property
    def exchange(self) -> Path:
        """Where assignments are handed out and in."""
        return self.root / self.settings.exchange

    @property
    def exchanged(self) -> Path:
        """The exchange's part for this course: outbound/, inbound/ and feedback/."""
        return self.exchange / self.settings.id

    @property
    def db_url(self) -> str:
        """The gradebook's SQLAlchemy URL."""
        return self.settings.db_url or f"sqlite:///{self.root / 'gradebook.db'}"

    def deadline(self, assignment: str) -> datetime | None:
        """Return the assignment's deadline as an instant in UTC without zone, as nbgrader keeps it.

        A time without an offset is the course's own (北京时间 by default).
        """
        when = self.settings.deadlines.get(assignment)
        if when is None:
            return None
        aware = when if when.tzinfo else when.replace(tzinfo=self.zone)
        return aware.astimezone(UTC).replace(tzinfo=None)

    @property
    def zone(self) -> ZoneInfo:
        """The course's own time zone, in which people read times."""
        return ZoneInfo(self.settings.timezone)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process, with the course's config folder in Jupyter's search path."""
        return os.environ | {"JUPYTER_CONFIG_PATH": str(self.root / "config")}

    def home(self, trainee: str) -> Path:
        """Return a trainee's folder where all work on this machine; *trainee* must be checked before."""
        return self.root / "homes" / trainee

    def assignments(self) -> list[str]:
        """List the assignments in source/, sorted."""
        if not self.source.is_dir():
            return []
        return sorted(folder.name for folder in self.source.iterdir() if folder.is_dir() and folder.name[0] not in "._")

    def require(self, assignment: str) -> Path:
        """Return the source folder of *assignment*; raises CourseError with what there is instead."""
        if assignment not in self.assignments():
            known = "、".join(self.assignments()) or "（source/ 里还没有作业）"
            raise CourseError(f"没有名为“{assignment}”的作业。现有作业：{known}。请检查拼写。")
        return self.source / assignment

    def folder(self, stage: str, trainee: str, assignment: str) -> Path:
        """Return a trainee's folder in release, submitted, autograded or feedback (nbgrader's own layout)."""
        return self.root / stage / trainee / assignment
