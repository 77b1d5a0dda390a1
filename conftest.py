"""Prepares the process of the tests."""

import signal

from hypothesis import HealthCheck, settings

import integration_tests.manifest_cache  # noqa: F401 - for its effect

# nohup or a shell's `&` may have started the tests with some signals ignored.
for number, default_handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, default_handler)

# On a busy machine an example may take any time; pytest-timeout limits the whole test.
settings.register_profile(
    "without-time-limits", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("without-time-limits")
