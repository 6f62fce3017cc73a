"""`python -m benchmarks [NAME …]`: runs the named benchmarks, or all; the last line of each is one JSON object.

A benchmark is a module of this package with a function `measure() -> Report`; a folder holds what one of them needs.
"""

import importlib
import pkgutil
import sys

import benchmarks

FRAME = frozenset({"__main__", "report"})


def names() -> list[str]:
    """Every benchmark of this package."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.ispkg and module.name not in FRAME
    )


def main(wanted: list[str]) -> int:
    known = names()
    if unknown := [name for name in wanted if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in wanted or known:
        print(importlib.import_module(f"benchmarks.{name}").measure().line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
