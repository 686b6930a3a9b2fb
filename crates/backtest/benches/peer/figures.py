"""What both versions are measured with: the same files, the same rules, the same figures."""

import argparse
import csv
import json
import resource

FAST, SLOW = 10, 50
LEVERAGE = 2
WALLET = "1000000 USDT"
SIZE = "0.010"
MAKER, TAKER = "0.0002", "0.0004"
# Both are divided by the leverage: half of the notional to open, 0.4 % of it to keep.
MARGIN_INIT, MARGIN_MAINT = "1.0", "0.008"
MILLISECOND = 1_000_000
MINUTE = 60_000 * MILLISECOND


class Cross:
    """When an average of ten values crosses one of fifty; the averages are the measured program's own."""

    def __init__(self, average):
        self.fast, self.slow = average(FAST), average(SLOW)
        self.above = None

    def hears(self, value):
        """True or False where the direction changes to long or short, else None."""
        self.fast.update_raw(value)
        self.slow.update_raw(value)
        if not (self.fast.initialized and self.slow.initialized):
            return None
        above = self.fast.value > self.slow.value
        if above == self.above:
            return None
        self.above = above
        return above


def asked():
    """What the command line asks for."""
    words = argparse.ArgumentParser()
    words.add_argument("kind", choices=["bars", "quotes", "native"])
    words.add_argument("file")
    words.add_argument("--first", type=int, help="only so many rows")
    words.add_argument("--liquidation", action="store_true")
    return words.parse_args()


def rows(asked):
    """The rows of a file as lists of text, the time in nanoseconds."""
    with open(asked.file, newline="") as file:
        for number, (time, *values) in enumerate(csv.reader(file)):
            if number == 0:
                continue
            if asked.first and number > asked.first:
                break
            yield int(time) * MILLISECOND, values


def measure(run):
    """Seconds of this process in user code that `run` takes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    run()
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - before


def peak_mb():
    """The most memory that this process had until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell(**figures):
    """One line for the program that asked."""
    print(json.dumps(figures), flush=True)
