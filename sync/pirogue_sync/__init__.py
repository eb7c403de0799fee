"""The boat's end of the exchange: given a mounted folder or an address, it sends lots and takes receipts home."""
