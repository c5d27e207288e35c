"""Build the wheel and the sdist, install each in an environment of its own, and run the main job outside the checkout.

    python tools/try_package.py FOLDER        # needs `build`; the environments and packages are made in FOLDER; exit 1 on the first fault

What is held: the sdist builds the same wheel; the wheel holds the modules, the templates of the pages and `py.typed`, and nothing else; what is installed is
what runs, since the checkout is not on the path.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
MAY_HOLD = (".py", ".j2", ".css", ".js", "/py.typed")
MAIN_JOB = ["compare", "demo:digits", "--target", "eight", "--methods", "quick", "--cv", "2x1", "--rng", "0"]


def run(*command: object, cwd: Path) -> str:
    """Output of a command; what it says on its way down is shown."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def contents(wheel: Path) -> dict[str, bytes]:
    """{name: bytes} of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def built(folder: Path) -> tuple[Path, Path]:
    """The wheel made from the sdist, and the sdist; the wheel made from the checkout must be the same."""
    run(sys.executable, "-m", "build", "--outdir", folder / "both", HOME, cwd=folder)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "direct", HOME, cwd=folder)
    (wheel,), (sdist,) = (folder / "both").glob("*.whl"), (folder / "both").glob("*.tar.gz")
    ours, direct = contents(wheel), contents(folder / "direct" / wheel.name)
    if ours != direct:
        sys.exit(
            f"the sdist builds another wheel: {sorted(n for n in ours.keys() | direct.keys() if ours.get(n) != direct.get(n))}"
        )
    strange = [n for n in ours if ".dist-info/" not in n and not n.endswith(MAY_HOLD)]
    own = {
        str(p.relative_to(HOME / "src")) for p in (HOME / "src" / "upweight").rglob("*") if str(p).endswith(MAY_HOLD)
    }
    if strange or own - ours.keys():
        sys.exit(f"the wheel holds {strange} and lacks {sorted(own - ours.keys())}")
    return wheel, sdist


def tried(package: Path, folder: Path) -> None:
    """Install a package in a new environment and run the main job there."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python, upweight = folder / "bin" / "python", folder / "bin" / "upweight"
    run(python, "-m", "pip", "install", "-q", "-c", HOME / "constraints.txt", package, cwd=folder)
    where = Path(run(python, "-c", "import upweight; print(upweight.__file__)", cwd=folder).strip())
    if folder.resolve() not in where.resolve().parents:
        sys.exit(f"{where} was run, not what was installed in {folder}")
    version = run(upweight, "--version", cwd=folder).split()[1]
    if f"-{version}" not in package.name:
        sys.exit(f"{package.name} says it is version {version}")
    verdict = run(upweight, *MAIN_JOB, cwd=folder)
    if "Move the threshold" not in verdict:
        sys.exit(f"{package.name}: no verdict\n{verdict}")
    demos = run(upweight, "demo", cwd=folder).count("demo:")
    print(
        f"{package.name}: {package.stat().st_size // 1000:,} kB, installed, ran the main job; {demos} demos are listed"
    )


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for kind, package in zip(("wheel", "sdist"), built(folder), strict=True):
        tried(package, folder / kind)
    return 0


if __name__ == "__main__":
    sys.exit(main())
