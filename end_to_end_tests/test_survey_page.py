"""docs/survey.md: the survey of the default sandbox prints the report that the page shows."""

import re
import socket
import subprocess
import sys
from pathlib import Path

from end_to_end_tests.page_commands import PORT, check_output, commands_with_output, text_of, user_sandbox

PAGE, OTHER_PORT = "survey.md", "8766"


def free_port():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return str(reserved.getsockname()[1])


def test_surveys_print_what_the_page_shows(folder):
    server, *steps = commands_with_output(PAGE)
    assert len(re.findall(r"^```sh$", text_of(PAGE), re.MULTILINE)) == 1 + len(steps)
    with user_sandbox(folder, *server) as port:
        check_output(folder, steps, {PORT: port, OTHER_PORT: free_port()})


def test_page_names_every_option_and_exit_code():
    help_text = subprocess.run(
        [Path(sys.executable).with_name("powerschool-enrollment-survey"), "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    options = set(re.findall(r"--[a-z-]+", help_text)) - {"--help"}
    assert options <= set(re.findall(r"--[a-z-]+", text_of(PAGE)))
    assert re.findall(r"^\| (\d+) \|", text_of(PAGE), re.MULTILINE) == ["0", "1", "2", "130"]
