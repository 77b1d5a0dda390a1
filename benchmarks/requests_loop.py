"""The shortest thing that reads all roster records: a loop with `requests`, one page after the other."""

import argparse
import json
import sys
from pathlib import Path

import requests

parser = argparse.ArgumentParser()
parser.add_argument("command")
parser.add_argument("--config", type=Path)
parser.add_argument("--catalog", type=Path)
config = json.loads(parser.parse_args().config.read_text())

session = requests.Session()
session.auth = (config["api_key"], "")
for form in session.get(f"{config['base_url']}/publishedactions").json():
    page, page_count = 0, 1
    while page < page_count:
        page += 1
        answer = session.get(
            f"{config['base_url']}/publishedactions/{form['id']}/rosterrecords",
            params={"page": page, "pagesize": config["page_size"]},
        ).json()
        page_count = answer["metaData"]["pageCount"]
        for record in answer["records"]:
            message = {"type": "RECORD", "record": {"stream": "roster_records", "data": record, "emitted_at": 0}}
            sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
