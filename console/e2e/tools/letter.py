"""Puts a job that no version of the program knows into the outbox of a demo's folder: what an older or newer process may leave there.

    python3 letter.py FOLDER NAME
"""

import datetime
import json
import pathlib
import sqlite3
import sys
import uuid

folder, name = sys.argv[1:]
now = datetime.datetime.now(datetime.timezone.utc).isoformat()
shop = sqlite3.connect(pathlib.Path(folder) / "huike.db", timeout=30)
with shop:
    row = (uuid.uuid4().bytes, "member.work", json.dumps({"job": name}), now)
    shop.execute("INSERT INTO outbox (id, queue, body, created_at) VALUES (?, ?, ?, ?)", row)
