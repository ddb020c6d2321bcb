"""Scenario drills as standalone apps: sign-in, home page, and kernels that are there before the class is."""
