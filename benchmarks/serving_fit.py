"""Fit the serving eras to the shipped measured runs and write their parameters into data/calibration/serving.toml."""

import re
from pathlib import Path

import numpy as np

from lockgate.capability.serving_calibration import half_widths
from lockgate.catalogue import load_catalogue
from lockgate.services.serving_validation import FITTED, refit, serving_cases

_FILE = Path(__file__).parents[1] / "src" / "lockgate" / "data" / "calibration" / "serving.toml"


def main() -> None:
    """Refit, print, write."""
    catalogue = load_catalogue()
    text = _FILE.read_text(encoding="utf-8")
    first = serving_cases(catalogue, ["trtllm-ttft"])
    ttft = half_widths(np.array([np.log(case.measured / case.predicted) for case in first]))
    for era, record in catalogue.calibration("serving")["eras"].items():
        fitted = refit(serving_cases(catalogue, [record["family"]]))
        names = ("kernel_factor", "sampling_us", "synchronisation_us", "host_us")
        scale = (1.0, 1e6, 1e6, 1e6)
        values = {
            name: round(float(weight) * unit, 3 if unit == 1.0 else 1)
            for name, weight, unit, free in zip(
                names, fitted.weights, scale, FITTED[fitted.family], strict=True
            )
            if free
        }
        values |= {"half_50": round(fitted.half_50, 3), "half_90": round(fitted.half_90, 3)}
        values |= {"ttft_half_50": round(ttft[0], 3), "ttft_half_90": round(ttft[1], 3)}
        start = text.index(f'[eras."{era}"]')
        end = text.find("\n[", start)
        block = text[start:end]
        for name, value in values.items():
            block = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", block)
        text = text[:start] + block + text[end:]
        print(era, values)
    _FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
