"""nbgrader's zip_collect with the kit's care: plugins that config/nbgrader_config.py names in c.ZipCollectApp.

``nbgrader zip_collect m04`` then takes downloaded/m04/archive/*.zip as ``coursekit collect`` takes files from a stick.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import List, Unicode, default

from coursekit import archive, inbound, plain, receipt
from coursekit.course import CourseError


class SafeExtractor(ExtractorPlugin):
    """Unpacks zip files without following them out of their folder; what is refused is logged and left out."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack every archive into a folder of its own, and copy plain files."""
        for name, _ in plain.names(Path(archive_path)):
            path, into = Path(archive_path, name), Path(extracted_path, name).parent
            into.mkdir(parents=True, exist_ok=True)
            try:
                if path.suffix.lower() == ".zip":
                    archive.unpack(path, into)
                else:
                    plain.copy(path, into / path.name, archive.LIMITS.file)
            except (CourseError, OSError) as error:
                self.log.error("%s", error)  # noqa: TRY400  no traceback for a bad file
                if path.suffix.lower() == ".zip":
                    shutil.rmtree(into / path.stem, ignore_errors=True)


class SubmissionCollector(FileNameCollectorPlugin):
    """Says by the receipt whose file it is; files without one are known by their name."""

    named_regexp = Unicode(archive.DOWNLOADED, help=FileNameCollectorPlugin.named_regexp.help).tag(config=True)
    valid_ext: Any = List(help=FileNameCollectorPlugin.valid_ext.help).tag(config=True)

    @default("valid_ext")
    def _valid_ext_default(self) -> list[str]:
        return [".ipynb", ".jsonl", ".txt", ".json"]

    @property
    def _app(self) -> Any:
        return self.parent

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Return trainee, time and path of one file, or None for what belongs to no submission of this assignment."""
        path = Path(submitted_file)
        if path.suffix not in self.valid_ext:
            return None
        assignment = self._app.coursedir.assignment_id
        for folder in list(path.parents)[:3]:
            made = receipt.read(folder)
            if made is not None:
                if made.assignment != assignment or not inbound.is_trainee(made.trainee):
                    self.log.error("%s 是 %s 的作业，不是 %s", path, made.assignment, assignment)
                    return None
                name = path.relative_to(folder).as_posix()
                return {"student_id": made.trainee, "file_id": name, "timestamp": made.timestamp}
        found = self._match(path.name)
        if not found or not found.get("file_id") or not inbound.is_trainee(found["student_id"]):
            return None
        at = archive.attempt(found["timestamp"])
        return {"student_id": found["student_id"], "file_id": found["file_id"]} | (
            {"timestamp": inbound.stamp_of(at)} if at else {}
        )
