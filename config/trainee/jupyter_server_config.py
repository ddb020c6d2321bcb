"""The Jupyter server of a trainee: exercises and 课程首页, no terminal and none of the instructor's pages.

Read before config/ (coursekit/lab.py); what stands here takes the place of what config/ says.
"""

from pathlib import Path

c = get_config()

c.ServerApp.jpserver_extensions = {
    "coursekit.server": True,
    "jupyter_lsp": False,
    "jupyter_server_terminals": False,
    "nbgrader.server_extensions.assignment_list": False,  # coursekit.server loads it after the first page
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.validate_assignment": False,
    "notebook": False,
    "voila.server_extension": False,
}
c.ServerApp.terminals_enabled = False
c.ServerApp.kernel_manager_class = "coursekit.kernels.seat.SeatKernels"
c.ServerApp.allow_remote_access = False
c.Coursekit.course = str(Path(__file__).resolve().parents[2])
