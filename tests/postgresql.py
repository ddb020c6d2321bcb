"""A PostgreSQL server of its own for tests, where the machine has its programs."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Postgres' own programs, where Debian and Ubuntu put them.
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL server of its own on a socket, no port; yields its SQLAlchemy URL."""
    owner = "postgres" if os.getuid() == 0 else getpass.getuser()
    with tempfile.TemporaryDirectory(prefix="pg-") as name:  # pytest's own folders are closed to other users
        folder = Path(name)
        shutil.chown(folder, owner)

        def run(program: str, *words: str) -> None:
            command = [str(POSTGRES[-1] / program), "-D", str(folder / "data"), *words]
            with (folder / "said").open("ab") as said:
                done = subprocess.run(command, user=owner, cwd="/", check=False, stdout=said, stderr=said)
            assert done.returncode == 0, (folder / "said").read_text()

        run("initdb", "-U", "kit", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-o", options, "-w", "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg2://kit@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
