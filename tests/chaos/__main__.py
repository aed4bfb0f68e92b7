"""`make chaos ARGS='--faults 120 --seed 1'`: the long series of faults; writes the table in docs/reliability.md."""

import shutil
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from tests.chaos.report import write
from tests.chaos.run import Plan, run

MINUTES = 25.0


def main() -> int:
    """Run, report, and say by the exit code whether all was right; the workers' logs are kept if it was not."""
    parser = ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=120, help="how many faults (120)")
    parser.add_argument("--seed", type=int, default=1, help="what decides their order and the load (1)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"begin no fault after this time ({MINUTES:g})")
    parser.add_argument("--per-second", type=float, default=150.0, help="events sent per second (150)")
    parser.add_argument("--no-report", action="store_true", help="do not write docs/reliability.md")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="heartline-chaos-"))
    plan = Plan(faults=given.faults, seed=given.seed, per_second=given.per_second)
    result = run(plan, folder, given.minutes * 60, lambda line: print(line, flush=True))
    found = result.verdict
    print(f"lost {len(found.lost)}, doubled {len(found.doubled)}, wrong {len(found.wrong)}; {dict(found.records)}")
    if found.problems:
        print("\n".join(found.problems[:40]))
        print(f"logs and broker data are in {folder}")
        return 1
    if not given.no_report:
        write(result)
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
