"""``python -m benchmarks NAME``: runs one benchmark; without a name, lists them; ``all`` runs one after the other."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run what is named."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if is_benchmark(path))
    if sys.argv[1:] == ["all"]:
        sys.exit(run_all(names))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print("python -m benchmarks NAME, with all or one of: " + ", ".join(names))
        sys.exit(0 if len(sys.argv) < 2 else 2)
    name = sys.argv.pop(1)
    import_module(f"benchmarks.{name}").main()


def is_benchmark(path: Path) -> bool:
    """Whether a module is to be run by itself."""
    return not path.stem.startswith("_") and "\ndef main(" in path.read_text(encoding="utf-8")


def run_all(names: list[str]) -> int:
    """Run each in a process of its own; 1 if any of them failed, which stops no other."""
    failed = []
    for name in names:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", "benchmarks", name], check=False).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else f"{len(names)} benchmarks ran")
    return 1 if failed else 0


if __name__ == "__main__":
    main()
