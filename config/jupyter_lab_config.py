"""JupyterLab's settings for this course; the look is in labconfig/ beside this file."""

from coursekit import labextension

c = get_config()

c.LabApp.extra_labextensions_path = [str(labextension.HOME)]
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
