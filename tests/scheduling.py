"""Which process runs which tests: those of one group all in one, so that what is dear to make is made once.

`pytest-xdist` groups by names that it writes into the ids of tests, which this version of pytest does not let it do.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

GROUP = re.compile(r'xdist_group\("(\w+)"\)')


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """The group is the one that the test's module is marked with."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(Path(self.config.rootpath), nodeid.partition("::")[0]) or nodeid


@cache
def group_of(root: Path, file: str) -> str:
    """The group of a module; empty for one without."""
    found = GROUP.search((root / file).read_text())
    return found[1] if found else ""
