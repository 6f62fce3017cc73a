"""Runs the simulated suppliers: `python -m simulation.suppliers --folder var/suppliers --port 8910`."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from simulation.suppliers import market
from simulation.suppliers.app import DEFAULT_PORT, create_app
from simulation.suppliers.misbehaviour import Fault


def main(
    folder: Annotated[Path, typer.Option(help="Folder of books and credentials")],
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = DEFAULT_PORT,
    public_url: Annotated[str | None, typer.Option(help="Address under which the shop reaches it")] = None,
    time_scale: Annotated[float, typer.Option(help="1 keeps the suppliers' own pace, 0.01 is 100 × faster")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the misbehaviour")] = 0,
    quiet: Annotated[bool, typer.Option(help="Let nothing go wrong")] = False,
    timeouts: Annotated[float | None, typer.Option(help="Share of orders whose answer never comes")] = None,
    unknown: Annotated[float | None, typer.Option(help="Share of orders whose state is unknown for a while")] = None,
    failures: Annotated[float | None, typer.Option(help="Share of orders that fail")] = None,
    bad_codes: Annotated[float | None, typer.Option(help="Share of codes that do not work")] = None,
    price_jumps: Annotated[float | None, typer.Option(help="Share of orders before which the price jumps")] = None,
) -> None:
    """Three simulated businesses with six accounts over three protocols. Nothing is really sold."""
    asked: dict[Fault, float | None] = {
        "timeout_after_accept": timeouts,
        "unknown_state": unknown,
        "failure": failures,
        "bad_code": bad_codes,
        "price_jump": price_jumps,
    }
    usual = {} if quiet else market.FAULTS
    faults = {**usual, **{fault: share for fault, share in asked.items() if share is not None}}
    base_url = public_url or f"http://{host}:{port}"
    specs = market.specs(folder, seed, faults)
    app = create_app(specs, base_url=base_url, folder=folder, time_scale=time_scale, keeps_days=True)
    uvicorn.run(app, host=host, port=port, log_level="warning")


if __name__ == "__main__":
    typer.run(main)
