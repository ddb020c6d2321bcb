"""nbgrader's settings for this course; everything local comes from course.toml beside this file."""

from pathlib import Path

from coursekit.course import Course

c = get_config()
course = Course.load(Path(__file__).resolve().parents[1])

c.CourseDirectory.root = str(course.root)
c.CourseDirectory.course_id = course.settings.id
c.CourseDirectory.db_url = course.db_url
c.Exchange.root = str(course.exchange)

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
