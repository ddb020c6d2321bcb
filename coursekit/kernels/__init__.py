"""Kernels forked from one process that has imported everything: for drills, live classes and a trainee's JupyterLab."""
