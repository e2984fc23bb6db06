"""What all tests share: one hypothesis profile without deadlines, and SIGINT as a terminal gives it."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("boundcalc", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("boundcalc")

# A shell starts background jobs with SIGINT ignored; the programs that the tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
