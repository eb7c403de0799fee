"""`make bench`: every table, each beside a bare control of the same run. Quote the ratios, not the seconds."""

import journal
import pages

if __name__ == "__main__":
    journal.mesurer()
    pages.mesurer()
