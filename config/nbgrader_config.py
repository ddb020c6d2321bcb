"""nbgrader's settings for this course; everything local comes from course.toml beside this file."""

import os
from pathlib import Path

from coursekit.course import Course

c = get_config()
course = Course.load(Path(__file__).resolve().parents[1])

c.CourseDirectory.root = str(course.root)
c.CourseDirectory.course_id = course.settings.id
c.CourseDirectory.db_url = course.db_url
c.Exchange.root = str(course.exchange)

# Handing in and out without half copies, other people's eyes, or dropped files (coursekit/handin.py says what to set up).
c.ExchangeFactory.fetch_assignment = "coursekit.exchange.SafeFetch"
c.ExchangeFactory.submit = "coursekit.exchange.SafeSubmit"
c.ExchangeFactory.collect = "coursekit.exchange.SafeCollect"
c.ExchangeFactory.release_assignment = "coursekit.exchange.SafeRelease"
c.ExchangeFactory.release_feedback = "coursekit.exchange.SafeReleaseFeedback"
c.CourseDirectory.max_file_size = 33_000  # kB; the journal's own limit is 32 MB
c.CourseDirectory.max_dir_size = 100_000
c.ZipCollectApp.extractor_plugin = "coursekit.zipcollect.SafeExtractor"
c.ZipCollectApp.collector_plugin = "coursekit.zipcollect.SubmissionCollector"

# In a trainee's own server nbgrader's Assignment List works for the same person and on the same cache as the kit.
if "COURSEKIT_HOME" in os.environ:
    c.CourseDirectory.student_id = os.environ["COURSEKIT_TRAINEE"]
    c.Exchange.cache = str(Path(os.environ["COURSEKIT_HOME"], ".nbgrader_cache"))

# Chinese pages without code and without keys, from the renderer that `coursekit feedback` uses.
c.GenerateFeedback.exporter_class = "coursekit.feedback.FeedbackExporter"

# `nbgrader autograde` and formgrader's button grade answers as data, too, and run nothing that a trainee sent.
c.Autograde.exporter_class = "coursekit.autograde.ReleasedNotebookExporter"
c.Autograde.autograde_preprocessors = [
    "coursekit.autograde.ExecuteAsData",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
