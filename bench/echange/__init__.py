"""The bench of the exchange: the ten figures, each beside the real alternatives of the same run."""
