"""`make bench`: every table, in one run, each beside a bare control. Quote the ratios; the seconds are this machine's."""

import journal
import pages

if __name__ == "__main__":
    journal.mesurer()
    pages.mesurer()
