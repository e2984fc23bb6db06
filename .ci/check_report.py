"""Check the report of the main job: complete, of the documented form, and nothing refuted."""

import json
import sys
from pathlib import Path

FIELDS = {"check", "theorem", "claim", "measured", "bound", "verdict", "status", "evidence"}


def main() -> int:
    report = json.loads(Path(sys.argv[1]).read_text())
    problems = []
    if report["packing"]["dim"] != 12 or report["packing"]["size"] < 24:
        problems.append(f"packing: {report['packing']}")
    for outcome in report["outcomes"]:
        if set(outcome) != FIELDS:
            problems.append(f"fields: {sorted(outcome)}")
        if outcome["verdict"] == "REFUTED":
            problems.append(f"refuted: {outcome['claim']}")
    disjoint = [o for o in report["outcomes"] if o["check"] == "disjoint caps"]
    if not disjoint or disjoint[0]["verdict"] != "proved":
        problems.append("disjointness is not proved")
    print(f"report: {len(report['outcomes'])} outcomes, {len(problems)} problems")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
