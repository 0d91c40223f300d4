"""``python -m benchmarks NAME``: runs one benchmark; without a name, lists them."""

import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print("python -m benchmarks NAME, with one of: " + ", ".join(names))
        sys.exit(0 if len(sys.argv) < 2 else 2)
    name = sys.argv.pop(1)
    import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
