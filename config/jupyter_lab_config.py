"""JupyterLab's settings for this course; the look is in labconfig/ beside this file."""

from pathlib import Path

import coursekit

c = get_config()

c.LabApp.extra_labextensions_path = [str(Path(coursekit.__file__).parent / "labextension")]
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
