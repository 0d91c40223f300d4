"""``lockgate calibrate``: measure the kernels of the GPU at hand."""

from pathlib import Path
from typing import Annotated

import typer

from lockgate.base.errors import LockgateError
from lockgate.cli.session import DATA_VARIABLE


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("calibrate")
    def calibrate(
        chip: Annotated[
            str | None, typer.Option(help="Which chip it is; read from the driver if not given.")
        ] = None,
        into: Annotated[
            Path | None,
            typer.Option(help=f"Your data folder; that of --data or {DATA_VARIABLE} if not given."),
        ] = None,
    ) -> None:
        """Measure matrix products, attention and memory of the GPU at hand, and write a calibration that lies over ours.

        Needs PyTorch and a GPU; without them it says so and changes nothing.
        """
        import os

        from lockgate.cli.session import open_catalogue
        from lockgate.services.calibrate import calibrate as measure
        from lockgate.services.calibrate import open_torch, write_calibration

        torch = open_torch()
        folder = into or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
        if folder is None:
            raise LockgateError(
                "no folder to write to", code="missing-folder", hint="--into FOLDER, and later --data FOLDER"
            )
        typer.echo("measuring; this takes a few minutes")
        result = measure(open_catalogue(), chip, torch)
        for name, fit in result.fits.items():
            told = ", ".join(f"{key} {value:g}" for key, value in fit.parameters.items())
            typer.echo(f"  {name}: {told}  ({fit.count} calls, median error {fit.median_error:.1%})")
        typer.echo(f"{result.device} as {result.chip}: written to {write_calibration(result, folder)}")
