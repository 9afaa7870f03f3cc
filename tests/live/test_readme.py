"""What the README tells people to type."""

import json
import re
import shutil
import subprocess

import pytest

from tests.homes import ROOT

pytestmark = pytest.mark.processes


def test_the_first_call_of_the_readme_works(server, demo, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script = re.search(r"```bash\n(URL=.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    assert demo["user"]["password"] in script
    done = subprocess.run(
        ["bash", "-eu", "-c", script.replace("http://127.0.0.1:8000", server.base_url)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith('{"message":"Login successful"}')
    streams = [json.loads(line)["type"] for line in re.findall(r"^data: (.+)$", done.stdout, re.MULTILINE)]
    assert streams[0] == "status"
    assert streams.count("done") == 2
    assert streams[-1] == "done"
