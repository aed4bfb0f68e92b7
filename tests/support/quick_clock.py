"""`python -m tests.support.quick_clock worker intake`: its clock writes every two seconds, not each minute."""

import stream.clock
from stream.commands import main

SECONDS = 2

if __name__ == "__main__":
    stream.clock.CLOCK_SECONDS = SECONDS
    main()
