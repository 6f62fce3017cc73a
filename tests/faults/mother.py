"""Forks processes of the shop, so that one that was killed is there again at once: importing it takes seconds.

Run as `python -m tests.faults.mother`. Each line of its input is a JSON object of `argv`, `log` (a file) and
`environment`; it answers each with the process's id. Its children end with its input.
"""

import importlib
import json
import os
import signal
import sys

EVERYTHING = ("transactional.app", "transactional.worker", "mingsuan.cli", "uvicorn.main")


def _run(argv: list[str]) -> None:
    """What `python -m uvicorn …` and the command `mingsuan …` do."""
    import uvicorn.main

    from mingsuan import cli

    sys.argv = argv
    if argv[0] == "uvicorn":
        uvicorn.main.main()
    else:
        cli.main()


def _become(asked: dict[str, object]) -> None:
    argv, log, environment = asked["argv"], asked["log"], asked["environment"]
    assert isinstance(argv, list)
    assert isinstance(log, str)
    assert isinstance(environment, dict)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for standard, source in ((0, nothing), (1, written), (2, written)):
        os.dup2(source, standard)
    os.environ.update(environment)
    code = 1
    try:
        _run(argv)
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    for name in EVERYTHING:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
