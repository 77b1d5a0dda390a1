"""Restores the default signal handlers: nohup or a shell's `&` may have started the tests with some ignored."""

import signal

for told, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(told) is signal.SIG_IGN:
        signal.signal(told, usual)
