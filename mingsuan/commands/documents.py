"""Commands that write what explains the figures: the glossary, and the models with their lineage."""

from pathlib import Path
from typing import Annotated

import typer

from mingsuan.commands.terminal import Abort, out, shown_progress
from mingsuan.settings import Settings

app = typer.Typer()


@app.command(rich_help_panel="Warehouse")
def docs(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8094,
    serve: Annotated[bool, typer.Option(help="Show the pages; without it they are only written.")] = True,
) -> None:
    """Write the documentation of all models with their lineage, and show it to this machine until Ctrl-C."""
    from mingsuan.static_pages import server
    from pipelines.model_docs import DocsError, write_docs

    try:
        index = write_docs(Settings(), shown_progress())
    except DocsError as error:
        raise Abort(str(error)) from None
    out.print(f"Written {index}", highlight=False, markup=False, soft_wrap=True)
    if not serve:
        return
    try:
        shown = server(index.parent, port)
    except OSError as error:
        raise Abort(f"port {port}: {error.strerror}; choose another with --port") from None
    with shown:
        out.print(f"http://127.0.0.1:{port}/", highlight=False)
        try:
            shown.serve_forever()
        except KeyboardInterrupt:
            out.print("ended")


@app.command(rich_help_panel="Warehouse")
def glossary(
    file: Annotated[
        Path | None, typer.Option("--out", help="Write it to this file; without it, it is printed.")
    ] = None,
) -> None:
    """The glossary of metrics in Chinese and English, from their declarations."""
    from pipelines.glossary import glossary as written
    from pipelines.semantics import declared

    text = written(declared())
    if file is None:
        out.file.write(text)
    else:
        file.write_text(text, encoding="utf-8")
