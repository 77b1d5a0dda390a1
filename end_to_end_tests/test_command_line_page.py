"""docs/command_line.md: every command, in the page's order, prints what the page shows."""

import re
import shutil

import pytest

from end_to_end_tests.page_commands import PORT, check_output, commands_with_output, text_of, user_sandbox

PAGE = "command_line.md"


@pytest.mark.skipif(not shutil.which("jq"), reason="the page uses jq, which is not on PATH; the gate installs it")
def test_every_command_prints_what_the_page_shows(folder):
    server, *steps = commands_with_output(PAGE)
    assert len(re.findall(r"^```sh$", text_of(PAGE), re.MULTILINE)) == 1 + len(steps)
    with user_sandbox(folder, *server) as port:
        check_output(folder, steps, {PORT: port})
    assert len(list((folder / "secrets").iterdir())) == 9
