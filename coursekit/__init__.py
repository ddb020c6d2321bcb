"""What an instructor or trainer runs; see ``coursekit --help``."""
