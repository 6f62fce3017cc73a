"""`python -m benchmarks.draws.verify_once BUNDLE POLICY`: one verification as the command does it, in a process."""

import sys
from pathlib import Path

from benchmarks.draws.spent import measured
from mingsuan.draw_verifier import verify_files


def verify(bundle: Path, policy: Path) -> None:
    """Raises RuntimeError for any verdict but VALID."""
    outcome = verify_files(bundle, policy)
    if outcome.code != "VALID":
        raise RuntimeError(f"{outcome.code}: {outcome.message}")


if __name__ == "__main__":
    print(measured(lambda: verify(Path(sys.argv[1]), Path(sys.argv[2]))))
