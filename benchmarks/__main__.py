"""`python -m benchmarks NAME OUT.json`: run one benchmark and write its rows. Used by `dev.py bench`."""

import importlib
import json
import sys
from pathlib import Path

name, out = sys.argv[1:]
rows = importlib.import_module(f"benchmarks.{name}").run({})
Path(out).write_text(json.dumps(rows), encoding="utf-8")
