"""Runs the simulated gateways: `python -m simulation.gateways --folder var/gateways --port 8900`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from simulation.gateways.app import DEFAULT_PORT, create_app
from simulation.gateways.keys import environment
from simulation.gateways.misbehaviour import Misbehaviour


def main(
    folder: Annotated[Path, typer.Option(help="Folder of keys and book")],
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = DEFAULT_PORT,
    shop_url: Annotated[str, typer.Option(help="Where people find the shop")] = "http://127.0.0.1:8000",
    public_url: Annotated[str | None, typer.Option(help="Address under which people reach it")] = None,
    time_scale: Annotated[
        float, typer.Option(help="1 keeps the gateways' real retry times, 0.01 is 100 × faster")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the misbehaviour")] = 0,
    duplicates: Annotated[float, typer.Option(help="Share of notices sent several times")] = 0.0,
    forgeries: Annotated[float, typer.Option(help="Share of notices preceded by a forgery")] = 0.0,
    silence: Annotated[float, typer.Option(help="Share of notices never sent")] = 0.0,
    show_settings: Annotated[bool, typer.Option(help="Print the shop's settings for these gateways and stop")] = False,
) -> None:
    """Simulated WeChat Pay, Alipay and UnionPay. No real money."""
    base_url = public_url or f"http://{host}:{port}"
    if show_settings:
        for name, value in environment(folder, base_url).items():
            typer.echo(f"{name}={shlex.quote(value)}")
        return
    plan = Misbehaviour(seed=seed, duplicates=duplicates, forgeries=forgeries, silence=silence)
    app = create_app(folder, shop_url, base_url=base_url, misbehaviour=plan, time_scale=time_scale)
    uvicorn.run(app, host=host, port=port, log_level="warning")


if __name__ == "__main__":
    typer.run(main)
