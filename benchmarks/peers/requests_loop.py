"""Sends one request after the other, and prints each record as a line of JSON."""

import json
import os
import sys

import requests

BASE_URL, API_KEY, PAGE_SIZE = (os.environ[name] for name in ("BASE_URL", "API_KEY", "PAGE_SIZE"))

session = requests.Session()
session.auth = (API_KEY, "")
for form in session.get(f"{BASE_URL}/publishedactions", timeout=120).json():
    page = page_count = 1
    while page <= page_count:
        answer = session.get(
            f"{BASE_URL}/publishedactions/{form['id']}/rosterrecords",
            params={"page": page, "pagesize": PAGE_SIZE},
            timeout=120,
        ).json()
        for record in answer["records"]:
            sys.stdout.write(json.dumps(record) + "\n")
        page, page_count = page + 1, answer["metaData"]["pageCount"]
