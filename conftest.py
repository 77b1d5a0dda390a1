"""Signals as a terminal gives them: whoever started the tests may have had some ignored (nohup, a shell's `&`)."""

import signal

for told, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(told) is signal.SIG_IGN:
        signal.signal(told, usual)
