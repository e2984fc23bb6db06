"""``python -m constructions.codes FILE``: build and certify every code of the catalogue anew, and write it."""

import json
import sys
from pathlib import Path

from constructions.codes.catalogue import places

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m constructions.codes FILE, with boundcalc/explicit/codes.json for FILE")
    rows = [json.dumps(place.entry(), ensure_ascii=False) for place in places()]
    Path(sys.argv[1]).write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
