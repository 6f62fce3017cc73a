"""Finds Chromium, installs Debian's where this process may, or says in a sentence what to do. Never fails."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Path of a Chromium, MINGSUAN_CHROMIUM first."""
    return os.environ.get("MINGSUAN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """Debian's package, as root only."""
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(["apt-get", "update"], check=False, **quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"], check=False, **quiet
    )


if __name__ == "__main__":
    if find() is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stdout.write("· installing Chromium for the journeys\n")
        install()
    if find() is None:
        sys.stdout.write(
            "! Chromium was not found: the journeys in a real browser will be reported as not run.\n"
            "  Install it (Debian: apt-get install chromium fonts-noto-cjk) or name it in MINGSUAN_CHROMIUM.\n"
        )
