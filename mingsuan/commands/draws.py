"""Commands of draws: verify a bundle, verify a whole log. They need no shop; the exit code is the verdict."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mingsuan.commands.terminal import Abort, out

if TYPE_CHECKING:
    from mingsuan.draw_verifier import Outcome
    from mingsuan.log_verifier import Source

app = typer.Typer()
USAGE = 2
PolicyFile = Annotated[
    Path,
    typer.Option("--policy", exists=True, dir_okay=False, help="Pinned keys of log, witnesses and beacons."),
]
SeenFiles = Annotated[
    list[Path] | None,
    typer.Option("--seen", exists=True, dir_okay=False, help="A checkpoint of the log that was seen elsewhere."),
]
Now = Annotated[int | None, typer.Option(help="Seconds since 1970, instead of this machine's clock.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one line of JSON.")]


@app.command("verify-draw", rich_help_panel="Draws")
def verify_draw(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The bundle of a draw.")],
    policy: PolicyFile,
    receipt: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A receipt that the draw must hold.")
    ] = None,
    seen: SeenFiles = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Verify a prize draw from its bundle, offline; the exit code says the verdict."""
    from mingsuan.draw_verifier import verify_files

    _end(verify_files(bundle, policy, receipt, seen or (), now), as_json=as_json)


@app.command("verify-log", rich_help_panel="Draws")
def verify_log(
    log: Annotated[str, typer.Argument(metavar="DIR|URL", help="A copy of the log's files, or where they are served.")],
    policy: PolicyFile,
    seen: SeenFiles = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole log of draws: nothing missing, nothing twice, nothing shown otherwise elsewhere."""
    _end(_log_outcome(log, policy, seen or (), now), as_json=as_json)


def _log_outcome(log: str, policy: Path, seen: Sequence[Path], now: int | None) -> "Outcome":
    import httpx

    from mingsuan.draw_verifier import FaultError, pinned_of
    from mingsuan.log_verifier import Folder, GivenLog, Web, verify_log

    second = int(time.time()) if now is None else now
    try:
        pinned, elsewhere = pinned_of(policy, seen)
        with httpx.Client() as client:
            is_served = log.startswith(("http://", "https://"))
            source: Source = Web(log, client) if is_served else Folder(Path(log))
            return verify_log(GivenLog(source, pinned, second, elsewhere))
    except (FaultError, OSError) as error:
        raise Abort(str(error), code=USAGE) from None


def _end(outcome: "Outcome", *, as_json: bool) -> None:
    from mingsuan.draw_verifier import any_terminal, json_of, lines_of

    any_terminal(sys.stdout)
    for line in [json_of(outcome)] if as_json else lines_of(outcome):
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(outcome.exit)
