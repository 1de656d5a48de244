#!/usr/bin/env python3
"""Holds each conformance suite at no less than its floor: floors.py FLOORS.toml FIGURES.json [PREFIX=FIGURES.json]...

Suites of figures behind a prefix are called PREFIX_SUITE. The floors are lines `suite = N` (cases that agree); they only ever go up.
"""

import json
import re
import sys
from pathlib import Path


def main() -> int:
    floors_file, figures_file = Path(sys.argv[1]), Path(sys.argv[2])
    floors = {name: int(number) for name, number in re.findall(r"(?m)^(\w+)\s*=\s*(\d+)", floors_file.read_text(encoding="utf-8"))}
    figures = json.loads(figures_file.read_text(encoding="utf-8"))
    for argument in sys.argv[3:]:
        prefix, file = argument.split("=", 1)
        more = json.loads(Path(file).read_text(encoding="utf-8"))
        figures.update({f"{prefix}_{suite}": figure for suite, figure in more.items()})
    failed = 0
    for suite, floor in floors.items():
        agree = figures.get(suite, {}).get("agree", 0)
        if agree < floor:
            failed += 1
            print(f"podlab: {suite} agree {agree}, but {floors_file} asks for at least {floor}")
        elif agree > floor:
            print(f"podlab: {suite} agree {agree}, above its floor of {floor}: raise it in {floors_file}")
    print(f"podlab: {len(floors) - failed} of {len(floors)} suites are at or above their floor")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
