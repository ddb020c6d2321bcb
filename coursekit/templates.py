"""The Jinja environment of the kit's printable pages: an unknown name is an error, and whatever a trainee wrote is escaped."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def page_environment() -> Environment:
    """Make an environment of its own for one page, whose filters and globals are the page's."""
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["number"] = number
    return found


def number(value: Decimal | float | None, digits: int = 1) -> str:
    """Write a number, or a dash where there is none."""
    return "—" if value is None else f"{value:.{digits}f}"
