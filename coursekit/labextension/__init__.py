"""The prebuilt JupyterLab extension: course notebooks run their exercises by themselves and look like pages."""

from pathlib import Path

#: The folder that JupyterLab searches for extensions (LabApp.extra_labextensions_path).
HOME = Path(__file__).parent
