"""The clock of an instance of Kybern: closes votes every five minutes, sends notices once a day (sheet: kybern, tick).

It loads nothing of the site itself, so that it costs next to no memory between two ticks.
"""

import json
import subprocess
import sys
import time
from datetime import datetime, timezone

EVERY_SECONDS = 300
DAY_SECONDS = 24 * 60 * 60


def run(*arguments, order=None):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        input=json.dumps(order) if order else "",
        stdout=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return done.returncode


def main():
    print("clock running", flush=True)
    last_day = time.monotonic()
    while True:
        code = run("shell", "-c", "from guildhall_kybern_orders import run; run()", order={"do": "tick"})
        stamp = datetime.now(timezone.utc).isoformat()
        print(json.dumps({"tick": code, "date": stamp}), flush=True)
        if time.monotonic() - last_day >= DAY_SECONDS:
            last_day = time.monotonic()
            print(json.dumps({"notices": run("daily_notifications"), "date": stamp}), flush=True)
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    main()
