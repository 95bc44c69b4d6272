"""A PostgreSQL server of a benchmark's own, with its defaults: what it answers is on disk."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from . import programs


def folder_of_programs():
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    if not found:
        raise RuntimeError("PostgreSQL was not found; install it (apt-get install postgresql)")
    return pathlib.Path(found).parent


@contextlib.contextmanager
def server():
    """Gives the URL of a server that stops when the block is left."""
    folder = tempfile.mkdtemp(prefix="aos-bench-pg-", dir="/tmp")
    tools = folder_of_programs()
    # PostgreSQL refuses to run as root.
    as_user = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
    try:
        data = f"{folder}/data"
        subprocess.run(
            as_user + [tools / "initdb", "-D", data, "-U", "aos", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )
        command = as_user + [tools / "postgres", "-D", data, "-c", "listen_addresses=", "-k", folder]
        with open(f"{folder}/log", "w") as log, programs.process(command, stdout=log, stderr=log, cwd="/") as child:
            pid_file = pathlib.Path(data) / "postmaster.pid"

            def is_ready():
                if child.poll() is not None:
                    raise RuntimeError("PostgreSQL did not start:\n" + pathlib.Path(f"{folder}/log").read_text())
                return pid_file.exists() and "ready" in pid_file.read_text()

            programs.wait_until(is_ready, 30, "the start of PostgreSQL")
            yield "postgres://aos@" + folder.replace("/", "%2F") + "/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
